//! The sample knew nothing of a person but the e-mail address: the first refresh
//! completes the record.

use std::time::Duration;

use super::export;
use super::records::live_token;
use crate::harness::{ALICE, Command, Rig, Setup, until};

#[tokio::test]
async fn an_imported_token_is_completed_at_its_first_refresh() {
    let rig = Rig::with(Setup::on_disk()).await;
    let command = Command::new(rig.folder(), &Setup::on_disk(), &rig.upstream);
    export::write(rig.folder(), &[live_token(&rig.upstream, 9, ALICE)], &[]);
    let done = command.run(&["import", "export"], "").await;
    assert_eq!(done.code, Some(0), "{done:?}");
    let admin = rig.super_admin().await;
    let imported = rig.only_token(&admin).await;
    assert!(
        !imported.content().contains("Webex person ID"),
        "{imported:?}"
    );
    // Imported tokens are due at once, spread over a minute.
    rig.advance(Duration::from_mins(2));
    let completed = async || {
        let token = rig.only_token(&admin).await;
        token.content().contains("Webex person ID").then_some(token)
    };
    let token = until("the record is completed", completed).await;
    assert!(token.content().contains("in the background"), "{token:?}");
    assert!(token.content().contains("Active"), "{token:?}");
    rig.assert_alive().await;
}
