//! Receipts over gRPC, on the real binary.

use consent_ledger::proto::{
    BatchCheckSendRequest, CheckSendRequest, CheckTemplate, NotDerivable, Receipt, ReceiptVerdict, RegisterTemplateRequest,
    VerifyDecisionRequest, VerifyDecisionResponse,
};
use tonic::Status;

use crate::errors::assert_invalid;
use crate::support::client::{Client, on_a_server, opt_in, question, seconds, text};

const CONTACT: &str = "+447400123456";
const SENDER: &str = "100";

fn asked() -> CheckSendRequest {
    CheckSendRequest { receipt: true, category: 1, ..question(CONTACT, SENDER) }
}

async fn taken(client: &Client, request: CheckSendRequest) -> Receipt {
    client.decision.clone().check_send(request).await.unwrap().into_inner().receipt.unwrap()
}

async fn verify(client: &Client, receipt: Option<Receipt>, contact: &str) -> Result<VerifyDecisionResponse, Status> {
    let request = VerifyDecisionRequest { receipt, contact: contact.into() };
    client.decision.clone().verify_decision(request).await.map(tonic::Response::into_inner)
}

#[test]
fn a_check_gives_a_receipt_where_one_is_asked_for_and_it_follows() {
    on_a_server(async |client| {
        client.opt_in(opt_in(CONTACT, "")).await.unwrap();
        let without = client.decision.clone().check_send(CheckSendRequest { receipt: false, ..asked() }).await.unwrap().into_inner();
        assert_eq!((without.receipt, client.log().await.len()), (None, 3));
        let with = client.decision.clone().check_send(asked()).await.unwrap().into_inner();
        let (decision, receipt) = (with.decision.unwrap(), with.receipt.unwrap());
        assert_eq!((decision.permission, decision.position.unwrap().seq, receipt.seq), (without.decision.unwrap().permission, 3, 4));
        let log = client.log().await;
        assert_eq!((log.len(), log[3].kind.as_str(), &log[3].entry_hash), (4, "decision_receipt_issued", &receipt.entry_hash));
        assert_eq!((&log[0].raw, log[3].trail), (&receipt.ledger_created, receipt.trail));
        for contact in ["", CONTACT] {
            let response = verify(&client, Some(receipt.clone()), contact).await.unwrap();
            assert_eq!(response.verdict(), ReceiptVerdict::Follows);
            let (then, hindsight) = (response.decision.unwrap(), response.hindsight.unwrap());
            assert_eq!((then.at, then.permission, then.position.unwrap().seq), (decision.at, decision.permission, 3));
            assert_eq!((hindsight.permission, hindsight.position.unwrap().seq), (decision.permission, 4));
        }
        client.inbound(text(CONTACT, SENDER, "STOP")).await.unwrap();
        assert_eq!(verify(&client, Some(receipt), "").await.unwrap().verdict(), ReceiptVerdict::Follows);
    });
}

#[test]
fn every_kind_of_question_is_signed_whole() {
    on_a_server(async |client| {
        client.inbound(text(CONTACT, SENDER, "STOP")).await.unwrap();
        let template = RegisterTemplateRequest {
            name: "order_sent".into(),
            language: "en".into(),
            category: 2,
            status: 1,
            parameters: 2,
            ..Default::default()
        };
        client.admin.clone().register_template(template).await.unwrap();
        let template = |parameters| Some(CheckTemplate { name: "order_sent".into(), language: "en".into(), parameters });
        for request in [
            CheckSendRequest { category: 0, ..asked() },
            CheckSendRequest { category: 0, opt_out_confirmation: true, ..asked() },
            CheckSendRequest { template: template(2), ..asked() },
            CheckSendRequest { template: template(1), ..asked() },
            CheckSendRequest { contact: "GB.nobody".into(), ..asked() },
        ] {
            let contact = request.contact.clone();
            let response = verify(&client, Some(taken(&client, request).await), &contact).await.unwrap();
            assert_eq!((response.verdict(), response.differing_fields), (ReceiptVerdict::Follows, vec![]));
        }
    });
}

#[test]
fn a_receipt_is_of_an_answer_given_now_and_verified_whole() {
    on_a_server(async |client| {
        for (request, expected) in [
            (CheckSendRequest { at: Some(seconds(1_772_000_000)), ..asked() }, "at FIELDS_CONFLICT"),
            (CheckSendRequest { known_at: Some(seconds(1_772_000_000)), ..asked() }, "known_at FIELDS_CONFLICT"),
            (CheckSendRequest { known_seq: 1, ..asked() }, "known_seq FIELDS_CONFLICT"),
        ] {
            assert_invalid(&client.check(request).await.unwrap_err(), &[expected]);
        }
        assert_invalid(&verify(&client, None, "").await.unwrap_err(), &["receipt RECEIPT_MISSING"]);
        let receipt = taken(&client, asked()).await;
        for (bad, contact, expected) in [
            (Receipt { ledger_id: vec![], ..receipt.clone() }, "", vec!["receipt RECEIPT_MALFORMED"]),
            (Receipt { receipt: vec![0xFF], ..receipt.clone() }, "", vec!["receipt RECEIPT_MALFORMED"]),
            (Receipt { seq: 0, ..receipt.clone() }, "nobody", vec!["receipt RECEIPT_MALFORMED", "contact CONTACT_MALFORMED"]),
        ] {
            assert_invalid(&verify(&client, Some(bad), contact).await.unwrap_err(), &expected);
        }
        for (changed, contact, verdict) in [
            (receipt.clone(), "+447400123457", ReceiptVerdict::OtherContact),
            (Receipt { ledger_id: vec![7; 16], ..receipt.clone() }, CONTACT, ReceiptVerdict::Foreign),
            (Receipt { trail: 9, ..receipt.clone() }, CONTACT, ReceiptVerdict::SignatureInvalid),
            (Receipt { seq: receipt.seq + 1, ..receipt.clone() }, CONTACT, ReceiptVerdict::NotRecorded),
        ] {
            assert_eq!(verify(&client, Some(changed), contact).await.unwrap().verdict(), verdict);
        }
        let response = verify(&client, Some(receipt), "").await.unwrap();
        assert_eq!((response.verdict(), response.not_derivable()), (ReceiptVerdict::NotDerivable, NotDerivable::ContactNeeded));
    });
}

#[test]
fn a_batch_records_nothing() {
    on_a_server(async |client| {
        let before = client.log().await.len();
        let batch = BatchCheckSendRequest { contacts: vec![CONTACT.into()], sender: SENDER.into(), ..Default::default() };
        client.decision.clone().batch_check_send(batch).await.unwrap();
        assert_eq!(client.log().await.len(), before);
    });
}
