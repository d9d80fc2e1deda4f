//! `POST /granted/withdraw`: the person takes the consent back.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use spark_oauth_core::audit::{Actor, Caller};
use spark_oauth_core::broker::{Broker, TokenError};
use spark_oauth_core::ports::Revocation;

use super::{ReceiptForm, receipt_of};
use crate::http::{ClientAddress, PageError, PageForm, is_confirmed, page};
use crate::pages::{ConfirmPage, Flash, FlashKind, HiddenField, Layout};
use crate::session::{Receipt, Receipts, Visitor};

pub(super) async fn withdraw(
    State(broker): State<Broker>,
    client: ClientAddress,
    mut visitor: Visitor,
    mut receipts: Receipts,
    PageForm(form): PageForm<ReceiptForm>,
) -> Result<Response, PageError> {
    let receipt = receipt_of(&receipts, form.token.as_deref())?;
    let token = broker.get(receipt.token).await?;
    if !is_confirmed(form.confirm.as_deref()) {
        return ask(&receipt, token.email.as_str());
    }
    let email = token.subject().map(ToOwned::to_owned);
    let caller = Caller {
        actor: Actor::Person { email },
        origin: client.origin,
    };
    let withdrawal = broker.withdraw(receipt.token, &caller).await?;
    receipts.remove(receipt.token).await?;
    visitor.say(report(&withdrawal)).await?;
    Ok(Redirect::to("/granted").into_response())
}

fn ask(receipt: &Receipt, email: &str) -> Result<Response, PageError> {
    page(&ConfirmPage {
        layout: Layout::people("Withdraw your access?"),
        title: "Withdraw your access?".to_owned(),
        subject: Some(email.to_owned()),
        consequences: vec![
            "The token is deleted here, and revoked at Webex if Webex allows it.".to_owned(),
            "Services that use it can no longer act for you.".to_owned(),
            "You can grant access again at any time.".to_owned(),
        ],
        action: "/granted/withdraw".to_owned(),
        hidden: vec![HiddenField::new("token", receipt.token.to_string())],
        button: "Withdraw access".to_owned(),
        is_destructive: true,
        cancel: "/granted".to_owned(),
    })
}

fn report(revocation: &Result<Revocation, TokenError>) -> Flash {
    let kept_at_webex = match revocation {
        Ok(Revocation::Confirmed) | Err(TokenError::Revoked { .. }) => {
            return Flash::new(
                FlashKind::Success,
                "Access withdrawn. The token was revoked at Webex and deleted here.",
            );
        }
        Ok(Revocation::NotPermitted) => "Webex does not let this service revoke it there.",
        Ok(Revocation::NotConfirmed) => "Webex did not confirm that it was revoked there.",
        Err(TokenError::Provider(error)) if error.status.is_some_and(|status| status < 500) => {
            "Webex refused to revoke it there."
        }
        Err(_) => "Webex did not answer, so it was not revoked there.",
    };
    let text = format!(
        "The token was deleted here, and this service no longer uses it. {kept_at_webex} To end \
         the access at Webex too, remove this integration in your Webex settings."
    );
    Flash::new(FlashKind::Warning, text)
}
