//! Keys on the command line, from the first one on.

use super::file;
use crate::support::cli::{Said, cli};
use crate::support::server::Server;

const CHECK: [&str; 5] = ["check", "--contact", "+447400123456", "--sender", "1001"];

fn key(said: &Said) -> String {
    assert!(said.code == 0 && said.out.starts_with("clk_") && said.out.lines().count() == 1, "{said:?}");
    said.out.clone()
}

#[test]
fn from_the_first_key_on_every_call_needs_one() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"), &[]);
    let url = server.url();
    let run = |args: &[&str]| cli(&[args, &["--server", &url]].concat());
    assert!(server.logs().contains("no principal was ever added"), "{}", server.logs());
    assert_eq!(run(&CHECK).first_word(), "NOTHING", "as the README begins");
    let early = run(&["keys", "add", "--name", "campaigns", "--role", "sender"]);
    assert!(early.code == 2 && early.err.contains("the first principal must be an operator"), "{early:?}");
    let added = run(&["keys", "add", "--name", "ops", "--role", "operator"]);
    let ops = file(dir.path(), "ops.key", &key(&added));
    assert!(added.err.starts_with("principal 256: ops; operator; all accounts; all senders; by key, active, never expires\n"), "{added:?}");
    let refused = run(&CHECK);
    assert!(refused.code == 2 && refused.err.contains("needs credentials") && refused.err.contains("--api-key-file"), "{refused:?}");
    let refused = run(&[&CHECK[..], &["--api-key-file", &ops]].concat());
    assert!(refused.code == 2 && refused.err.contains("the role sender"), "{refused:?}");
    let more = ["--name", "campaigns", "--role", "sender,recorder", "--sender", "1001", "--expires-in", "90d", "--api-key-file", &ops];
    let campaigns = file(dir.path(), "campaigns.key", &key(&run(&[&["api-keys", "add"][..], &more].concat())));
    assert_eq!(run(&[&CHECK[..], &["--api-key-file", &campaigns]].concat()).first_word(), "NOTHING");
    let other = run(&["check", "--contact", "+447400123456", "--sender", "2002", "--api-key-file", &campaigns]);
    assert!(other.code == 2 && other.err.contains("for sender 1001 alone"), "{other:?}");

    let listed = run(&["keys", "list", "--json", "--api-key-file", &ops]);
    let secret = std::fs::read_to_string(&campaigns).unwrap();
    assert!(!listed.out.contains("clk_") && !listed.out.contains("digest") && !listed.out.contains(secret.trim()), "{listed:?}");
    let [first, second] = listed.json().try_into().unwrap();
    assert_eq!((&first["name"], &first["state"], &first["expires_at"]), (&"ops".into(), &"active".into(), &serde_json::Value::Null));
    assert_eq!((&second["roles"], &second["senders"]), (&serde_json::json!(["sender", "recorder"]), &serde_json::json!(["1001"])));
    let new = file(dir.path(), "new.key", &key(&run(&["keys", "rotate", "257", "--overlap", "0s", "--api-key-file", &ops])));
    let old = run(&[&CHECK[..], &["--api-key-file", &campaigns]].concat());
    assert!(old.code == 2 && old.err.contains("revoked or replaced"), "{old:?}");
    assert_eq!(run(&[&CHECK[..], &["--api-key-file", &new]].concat()).first_word(), "NOTHING");
    assert_eq!(run(&["keys", "revoke", "257", "--api-key-file", &ops]).code, 0);
    assert_eq!(run(&[&CHECK[..], &["--api-key-file", &new]].concat()).code, 2);

    // Bound to nobody, revoked by nobody: what is typed wrong is told.
    let far = cli(&[&CHECK[..], &["--server", "http://192.0.2.1:1", "--api-key-file", &file(dir.path(), "bad.key", "secret")]].concat());
    assert!(far.code == 2 && far.err.contains("not an API key") && !far.err.contains("secret\n"), "{far:?}");
    let held = cli(&["keys", "add", "--data-dir", dir.path().join("data").to_str().unwrap(), "--name", "x", "--role", "operator"]);
    assert!(held.code == 2 && held.err.contains("a server runs on it"), "{held:?}");
}

#[test]
fn a_key_is_made_in_a_stopped_servers_directory() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let path = data.to_str().unwrap();
    let anywhere = ["serve", "--insecure", "--listen", "0.0.0.0:0", "--http", "127.0.0.1:0", "--data-dir", path];
    let refused = cli(&anywhere);
    assert!(refused.code == 2 && refused.out.is_empty() && refused.err.contains("nobody has credentials"), "{refused:?}");
    let ops = file(dir.path(), "ops.key", &key(&cli(&["keys", "add", "--data-dir", path, "--name", "ops", "--role", "operator"])));
    let lost = cli(&["keys", "add", "--data-dir", path, "--name", "again", "--role", "operator", "--json"]).json().remove(0);
    assert_eq!((&lost["principal"], &lost["name"]), (&257.into(), &"again".into()));
    let server = Server::start(&data, &[]);
    assert!(!server.logs().contains("no principal was ever added"));
    let url = server.url();
    let listed = cli(&["keys", "list", "--server", &url, "--api-key-file", &ops]);
    assert!(listed.code == 0 && listed.out.lines().count() == 2, "{listed:?}");
    let lost = file(dir.path(), "lost.key", lost["api_key"].as_str().unwrap());
    assert_eq!(cli(&["account", "create", "shop", "--server", &url, "--api-key-file", &lost]).code, 0);
    assert_eq!(server.terminate().code(), Some(0));
}
