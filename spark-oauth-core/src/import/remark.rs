//! What there is to say of one record. No remark holds a secret.

use crate::email::InvalidEmail;
use crate::import::SampleId;
use crate::keyring::OpenError;

/// What there is to say of one record, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Remark {
    /// A field that is needed is not there, or is empty.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A field has a type that means nothing there.
    #[error("{field} is {found}, not {expected}")]
    WrongType {
        /// The field.
        field: &'static str,
        /// What it should be.
        expected: &'static str,
        /// What it is.
        found: &'static str,
    },
    /// Not an e-mail address.
    #[error("email is not an address ({0})")]
    Email(InvalidEmail),
    /// A token has characters that none has.
    #[error("{0} holds characters that no token has")]
    NotAToken(&'static str),
    /// A token is longer than any that the provider gives.
    #[error("{field} has {length} bytes; a token has at most {most}")]
    TooLong {
        /// The field.
        field: &'static str,
        /// Its length in bytes.
        length: usize,
        /// How long it may be, in bytes.
        most: usize,
    },
    /// The sample merged the provider's error into the token when a refresh failed.
    #[error(
        "it holds the error of a failed refresh ({0}) beside its tokens; if the first refresh \
         here fails too, the person must grant access again"
    )]
    ErrorFields(String),
    /// Another record of the same person is newer.
    #[error("an older record of this person; {0} is taken")]
    Older(SampleId),
    /// The same record stands more than once in the source.
    #[error("this record stands more than once in the source")]
    Repeated,
    /// The stored record of the person lives its own life here.
    #[error("the stored record of this person was refreshed or consented to here, and stays")]
    KeptHere,
    /// The stored record came from a newer one.
    #[error("the record that is stored came from a newer one of this person")]
    OlderThanStored,
    /// Somebody refreshes the stored record right now.
    #[error("the stored record is being refreshed now; run the import again in a minute")]
    BeingRefreshed,
    /// Not a username by our rule.
    #[error(
        "a username has 3 to 20 letters (a to z), digits or underscores; create this admin \
         under another name in the admin centre"
    )]
    Username,
    /// Two admins of the sample have the same name without regard to case.
    #[error(
        "{0} has the same username, which is unique without regard to case; create this admin \
         under another name in the admin centre"
    )]
    UsernameRepeated(SampleId),
    /// An admin who is here already has the name.
    #[error(
        "an admin who is here already has this username; create this one under another name \
         in the admin centre"
    )]
    UsernameTaken,
    /// The super admin is set up here already.
    #[error("the super admin is set up here already, and keeps the password that was set here")]
    SuperAdminStands,
    /// Not a bcrypt hash. Of the super admin.
    #[error("password is not a bcrypt hash; open the set-up link that `serve` prints instead")]
    SuperAdminHash,
    /// Not a bcrypt hash.
    #[error("password is not a bcrypt hash; create this admin in the admin centre")]
    Hash,
    /// It is no record at all.
    #[error("{0}")]
    Unreadable(String),
    /// What is stored cannot be read.
    #[error("the stored record cannot be read; remove it, and run the import again")]
    Corrupt,
    /// What is stored does not open.
    #[error("the stored record does not open: {0}")]
    DoesNotOpen(#[from] OpenError),
    /// It was written, and is not what was written.
    #[error("read back, the stored record is not what was written")]
    Differs,
    /// It was written, and somebody removed it.
    #[error("somebody removed the stored record while the import ran")]
    Gone,
    /// Others changed the stored record whenever this import was about to.
    #[error("the stored record changes too often; run the import again")]
    Contention,
    /// It changed in the source after it was read.
    #[error("it changed in the source since it was read; run the import again")]
    ChangedInSource,
}
