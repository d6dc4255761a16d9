#[allow(unused_imports)]
use consent_ledger::consent::{decide::Asked, words::*};
use consent_ledger::ledger::{record::*, *};
use std::sync::Arc;
use std::time::Instant;
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn load() {
    let dir = tempfile::tempdir_in("/work").unwrap();
    let n: u64 = 300_000;
    let l = Ledger::open(&Options::new(dir.path())).unwrap();
    let rec = |i: u64, what: What| Record {
        account: Account::default_account(),
        actor: Actor::LOCAL,
        event_id: Some(format!("e{i}").parse().unwrap()),
        occurred_at: None,
        what,
    };
    let t = Instant::now();
    for i in 0..200u64 {
        l.record(rec(
            10_000_000 + i,
            What::Inbound {
                contact: vec!["+447400123456".parse().unwrap()],
                sender: "100".parse().unwrap(),
                kind: InboundKind::Text,
                text: Some("hi".into()),
                payload: None,
                message_id: Some("wamid.x".into()),
            },
        ))
        .await
        .unwrap();
    }
    println!("one at a time: {:?} each", t.elapsed() / 200);
    let t = Instant::now();
    let mut tasks = vec![];
    for c in 0..128u64 {
        let l = l.clone();
        tasks.push(tokio::spawn(async move {
            for i in 0..200u64 {
                let k = c * 200 + i;
                let r = Record {
                    account: Account::default_account(),
                    actor: Actor::LOCAL,
                    event_id: Some(format!("c{k}").parse().unwrap()),
                    occurred_at: None,
                    what: What::Inbound {
                        contact: vec![format!("+4474{:08}", k).parse().unwrap()],
                        sender: "100".parse().unwrap(),
                        kind: InboundKind::Text,
                        text: Some("hi".into()),
                        payload: None,
                        message_id: None,
                    },
                };
                l.record(r).await.unwrap();
            }
        }));
    }
    for t in tasks {
        t.await.unwrap();
    }
    println!("128 callers: {:.0}/s", 25600.0 / t.elapsed().as_secs_f64());
    let t = Instant::now();
    for chunk in 0..(n / 4000) {
        let records = (0..4000u64)
            .map(|i| {
                let k = chunk * 4000 + i;
                rec(
                    k,
                    What::OptIn {
                        contact: format!("+4475{:08}", k).parse().unwrap(),
                        sender: None,
                        categories: Categories::ALL,
                        method: Method::Website,
                        expires_at: None,
                        evidence: Evidence::default(),
                    },
                )
            })
            .collect();
        for r in l.record_all(records).await {
            r.unwrap();
        }
    }
    println!("bulk: {:.0}/s", n as f64 / t.elapsed().as_secs_f64());
    let t = Instant::now();
    let m = 1_000_000u64;
    for i in 0..m {
        let q = Question {
            account: Account::default_account(),
            contact: format!("+4475{:08}", i % n).parse().unwrap(),
            sender: "100".parse().unwrap(),
            asked: Asked::For(Category::Marketing),
            at: None,
            min_position: None,
        };
        assert_eq!(l.check(&q).unwrap().decision.permission, Permission::TemplateOnly);
    }
    println!("checks, one thread: {:.0}/s", m as f64 / t.elapsed().as_secs_f64());
    let t = Instant::now();
    l.close();
    println!("close {:?}", t.elapsed());
    drop(l);
    let du = std::process::Command::new("du")
        .arg("-sh")
        .arg(dir.path().join("journal"))
        .arg(dir.path().join("sled"))
        .arg(dir.path().join("snapshot"))
        .output()
        .unwrap();
    println!("{}", String::from_utf8_lossy(&du.stdout));
    let t = Instant::now();
    let l = Ledger::open(&Options::new(dir.path())).unwrap();
    println!("open whole {:?}", t.elapsed());
    l.close();
    drop(l);
    let t = Instant::now();
    let l = Ledger::open(&Options { small_bytes: 0, ..Options::new(dir.path()) }).unwrap();
    println!("open snapshot {:?}", t.elapsed());
    l.close();
    drop(l);
    let t = Instant::now();
    let r = verify::verify_data_dir(dir.path(), |_, _| {}).unwrap();
    println!("verify {} {:?} {}", r.entries, t.elapsed(), r.ok());
    let _ = Arc::new(());
}
