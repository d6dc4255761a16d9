//! What operators are given holds: the image's file, the unit, the manifest, the example configuration, and every link of the pages.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::cli::{Said, cli};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The manifest's objects.
fn manifest() -> Vec<Value> {
    let text = read("docs/operations/kubernetes.yaml");
    let objects = text.split("\n---\n").map(|part| serde_saphyr::from_str(part).unwrap_or_else(|error| panic!("{error}\n{part}")));
    objects.collect()
}

fn of_kind<'a>(objects: &'a [Value], kind: &str) -> &'a Value {
    let found: Vec<&Value> = objects.iter().filter(|object| object["kind"] == kind).collect();
    found.first().unwrap_or_else(|| panic!("no {kind}"))
}

/// Seconds of a length of time such as `10s`.
fn seconds(text: &str) -> u64 {
    text.strip_suffix('s').unwrap().parse().unwrap()
}

/// A key of a configuration text.
fn key(text: &str, name: &str) -> String {
    let line =
        text.lines().find_map(|line| line.trim().strip_prefix(name)?.trim().strip_prefix('=')).unwrap_or_else(|| panic!("no {name}"));
    line.trim().trim_matches('"').to_owned()
}

/// `--check-config` of a text, its directories and secrets in a place that is there.
fn check(text: &str, dir: &Path, more: &[&str]) -> Said {
    let here = dir.to_str().unwrap();
    let text = ["/var/lib", "/data", "/secrets", "/etc", "/mnt"].iter().fold(text.to_owned(), |text, at| text.replace(at, here));
    let file = dir.join("serve.toml");
    std::fs::write(&file, text).unwrap();
    cli(&[&["serve", "--check-config", "--config", file.to_str().unwrap()], more].concat())
}

#[test]
fn the_example_configuration_does_as_it_is_and_with_all_that_it_offers() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("consent-ledger")).unwrap();
    for name in ["consent-ledger/app-secret", "consent-ledger/verify-token"] {
        std::fs::write(dir.path().join(name), "s3cret").unwrap();
    }
    let text = read("docs/operations/serve.toml");
    let said = check(&text, dir.path(), &[]);
    assert_eq!((said.code, said.out.lines().last()), (0, Some("ok")), "{said:?}");
    // What is commented out is a setting too.
    let all: String =
        text.lines().map(|line| line.strip_prefix("# ").filter(|rest| rest.contains(" = ")).unwrap_or(line).to_owned() + "\n").collect();
    assert!(all.contains("\napp-secret-file = "));
    // The published checkpoints lie elsewhere than the data.
    let said = check(&all, dir.path(), &[]);
    assert_eq!((said.code, said.out.lines().last()), (0, Some("ok")), "{said:?}");
}

#[test]
fn the_manifest_is_one_pod_that_writes_to_its_volume_alone_and_has_time_to_end() {
    let objects = manifest();
    let kinds: Vec<&str> = objects.iter().map(|object| object["kind"].as_str().unwrap()).collect();
    let expected = ["ServiceAccount", "ConfigMap", "Service", "Service", "StatefulSet", "PodDisruptionBudget", "NetworkPolicy"];
    assert_eq!(kinds, expected);
    for object in &objects {
        assert!(object["apiVersion"].is_string() && object["metadata"]["name"].is_string(), "{object}");
    }
    let set = &of_kind(&objects, "StatefulSet")["spec"];
    let pod = &set["template"]["spec"];
    let container = &pod["containers"][0];
    assert_eq!((&set["replicas"], pod["containers"].as_array().unwrap().len()), (&1.into(), 1));
    assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
    let locked = &container["securityContext"];
    assert_eq!((&locked["readOnlyRootFilesystem"], &locked["allowPrivilegeEscalation"]), (&true.into(), &false.into()));
    assert_eq!(locked["capabilities"]["drop"][0], "ALL");
    // Its probes ask what there is.
    assert_eq!(container["livenessProbe"]["httpGet"]["path"], "/healthz");
    assert_eq!(container["readinessProbe"]["httpGet"]["path"], "/readyz");
    // Only the volume may be written to.
    let mounts = container["volumeMounts"].as_array().unwrap();
    let writable: Vec<&str> =
        mounts.iter().filter(|mount| mount["readOnly"] != true).map(|mount| mount["mountPath"].as_str().unwrap()).collect();
    assert_eq!(writable, ["/data"]);
    // Selectors find the pod.
    let labels = &set["template"]["metadata"]["labels"];
    for selector in [&set["selector"]["matchLabels"], &of_kind(&objects, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"]] {
        assert_eq!(selector, labels);
    }
    assert_eq!(&of_kind(&objects, "NetworkPolicy")["spec"]["podSelector"]["matchLabels"], labels);
    let services = objects.iter().filter(|object| object["kind"] == "Service");
    services.for_each(|service| assert_eq!(&service["spec"]["selector"], labels));
    // The configuration in it is one, and a stop has the time that it may take.
    let text = of_kind(&objects, "ConfigMap")["data"]["serve.toml"].as_str().unwrap().to_owned();
    let dir = tempfile::tempdir().unwrap();
    for name in ["app-secret", "verify-token"] {
        std::fs::write(dir.path().join(name), "s3cret").unwrap();
    }
    let said = check(&text, dir.path(), &[]);
    assert_eq!((said.code, said.out.lines().last()), (0, Some("ok")), "{said:?}");
    let drain = seconds(&key(&text, "drain-delay")) + seconds(&key(&text, "drain-timeout"));
    assert_eq!(pod["terminationGracePeriodSeconds"].as_u64(), Some(drain + 60));
}

#[test]
fn the_first_key_is_made_where_the_manifests_ledger_lies() {
    let objects = manifest();
    let job: Value = serde_saphyr::from_str(&read("docs/operations/first-key.yaml")).unwrap();
    let (server, pod) = (&of_kind(&objects, "StatefulSet")["spec"]["template"], &job["spec"]["template"]);
    assert_eq!((&job["kind"], &pod["spec"]["securityContext"]["runAsUser"]), (&"Job".into(), &10_001.into()));
    assert_eq!(pod["spec"]["securityContext"]["fsGroup"], server["spec"]["securityContext"]["fsGroup"]);
    let (first, daily) = (&pod["spec"]["containers"][0], &server["spec"]["containers"][0]);
    assert_eq!((&first["image"], &first["securityContext"]), (&daily["image"], &daily["securityContext"]));
    // No Service sends calls to it.
    assert_ne!(pod["metadata"]["labels"], server["metadata"]["labels"]);
    let text = of_kind(&objects, "ConfigMap")["data"]["serve.toml"].as_str().unwrap().to_owned();
    let dir = tempfile::tempdir().unwrap();
    let here = dir.path().to_str().unwrap();
    let words: Vec<String> = first["args"].as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_owned()).collect();
    assert!(words.contains(&key(&text, "data-dir")), "{words:?}");
    let words: Vec<String> = words.iter().map(|word| word.replace("/data", here)).collect();
    let said = cli(&words.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(said.code == 0 && said.out.starts_with("clk_256_"), "{said:?}");
}

#[test]
fn the_unit_is_one_and_gives_a_stop_its_time() {
    let unit = read("docs/operations/consent-ledger.service");
    let example = read("docs/operations/serve.toml");
    let drain = seconds(&key(&example, "drain-delay")) + seconds(&key(&example, "drain-timeout"));
    let stop = unit.lines().find_map(|line| line.strip_prefix("TimeoutStopSec=")).unwrap();
    assert!(seconds(stop) >= drain + 60, "{stop}");
    for locked in ["ProtectSystem=strict", "NoNewPrivileges=yes", "DynamicUser=yes", "Type=notify", "LimitCORE=0", "CapabilityBoundingSet="]
    {
        assert!(unit.lines().any(|line| line == locked), "{locked}");
    }
    // Where systemd is, it says itself what it thinks of it.
    let dir = tempfile::tempdir().unwrap();
    let copy = dir.path().join("consent-ledger.service");
    std::fs::write(&copy, unit.replace("/usr/local/bin/consent-ledger", env!("CARGO_BIN_EXE_consent-ledger"))).unwrap();
    let Ok(verified) = Command::new("systemd-analyze").arg("verify").arg(&copy).output() else { return };
    let said = String::from_utf8_lossy(&verified.stderr).into_owned();
    let ours: Vec<&str> = said.lines().filter(|line| line.contains("consent-ledger")).collect();
    assert!(ours.is_empty(), "{said}");
}

#[test]
fn the_image_is_pinned_is_nobody_and_asks_itself_how_it_is() {
    let docker = read("Dockerfile");
    let has = |line: &str| docker.lines().any(|found| found == line);
    assert!(has("USER 10001:10001") && has("STOPSIGNAL SIGTERM") && has("VOLUME /data"));
    let health = docker.lines().find(|line| line.starts_with("HEALTHCHECK ")).unwrap();
    let command: Vec<String> = serde_json::from_str(health.split_once("CMD ").unwrap().1).unwrap();
    assert_eq!(command.first().map(String::as_str), Some("consent-ledger"));
    // The command is one; nobody is there.
    let said = cli(&[&command[1..], &["--server".to_owned(), "http://127.0.0.1:1".to_owned()]].concat());
    assert!(said.code == 2 && said.err.contains("does not answer"), "{said:?}");
    for base in docker.lines().filter_map(|line| line.strip_prefix("ARG ")) {
        let tag = base.rsplit_once(':').unwrap().1;
        assert!(tag.split(['.', '-']).filter(|part| part.chars().all(|c| c.is_ascii_digit())).count() >= 2, "{base} is no exact version");
    }
    // What is copied is not ignored.
    let let_in: BTreeSet<String> = read(".dockerignore").lines().filter_map(|line| line.strip_prefix('!')).map(str::to_owned).collect();
    for line in docker.lines().filter(|line| line.starts_with("COPY ") && !line.contains("--from=")) {
        let words: Vec<&str> = line.split_whitespace().skip(1).filter(|word| !word.starts_with("--")).collect();
        for copied in &words[..words.len() - 1] {
            assert!(let_in.contains(*copied), "{copied} is ignored");
        }
    }
}

/// Every source as one text.
fn sources(dir: &Path) -> String {
    let paths = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    paths.map(|path| if path.is_dir() { sources(&path) } else { std::fs::read_to_string(path).unwrap_or_default() }).collect()
}

#[test]
fn the_page_about_refusals_quotes_what_the_program_says() {
    let page = read("docs/operations/recovery.md");
    let sources = sources(&root().join("src"));
    let mut quoted = 0;
    for row in page.lines().filter(|line| line.starts_with("| `")) {
        let said = row.split('|').nth(1).unwrap();
        for quote in said.split('`').skip(1).step_by(2) {
            quoted += 1;
            let unsaid: Vec<&str> = quote.split('…').map(str::trim).filter(|part| !sources.contains(part)).collect();
            assert!(unsaid.is_empty(), "{quote:?}: the program never says {unsaid:?}");
        }
    }
    assert!(quoted > 15);
}

/// The targets of a page's links.
fn links(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (start, _) in text.match_indices("](") {
        let target = &text[start + 2..];
        found.extend(target.find(')').map(|end| target[..end].to_owned()));
    }
    found
}

/// The anchors of a page: its headings as the web shows them.
fn anchors(text: &str) -> BTreeSet<String> {
    let heading = |line: &str| {
        let title = line.trim_start_matches('#').trim().to_lowercase();
        title.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_')).map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    text.lines().filter(|line| line.starts_with('#')).map(heading).collect()
}

fn pages(dir: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            pages(&path, into);
        } else if path.extension().is_some_and(|ending| ending == "md") {
            into.push(path);
        }
    }
}

#[test]
fn every_link_of_every_page_leads_somewhere() {
    let mut all = vec![root().join("README.md"), root().join("SECURITY.md")];
    pages(&root().join("docs"), &mut all);
    let mut broken = Vec::new();
    for page in &all {
        let text = std::fs::read_to_string(page).unwrap();
        for link in links(&text).into_iter().filter(|link| !link.contains("://") && !link.contains(' ')) {
            let (path, anchor) = link.split_once('#').map_or((link.as_str(), None), |(path, anchor)| (path, Some(anchor)));
            let target = if path.is_empty() { page.clone() } else { page.parent().unwrap().join(path) };
            let leads = target.exists()
                && anchor.is_none_or(|anchor| anchors(&std::fs::read_to_string(&target).unwrap_or_default()).contains(anchor));
            if !leads {
                broken.push(format!("{}: {link}", page.strip_prefix(root()).unwrap().display()));
            }
        }
    }
    assert!(all.len() > 15 && broken.is_empty(), "\n{}", broken.join("\n"));
}

/// A root that holds the program, what it is linked to, and nothing else; only /data may be written. No /tmp, no shell, no network.
const AS_NOBODY: &str = r#"
set -eu
root=$1 program=$2
mount --make-rprivate /
mkdir -p "$root/data" "$root/dev" "$root/volume"
chown 10001:10001 "$root/volume" && chmod 0700 "$root/volume"
for library in $(ldd "$program" | grep -o '/[^ ]*'); do
    mkdir -p "$root$(dirname "$library")" && cp -L "$library" "$root$library"
done
: > "$root/ledger"; : > "$root/dev/null"
mount --bind "$root" "$root"
mount --bind "$root/volume" "$root/data"
mount --bind "$program" "$root/ledger"
mount --bind /dev/null "$root/dev/null"
mount -o remount,bind,ro "$root"
ip link set lo up
! touch "$root/file" 2> /dev/null
within() { setpriv --no-new-privs chroot --userspec=10001:10001 --groups= "$root" /ledger "$@"; }
CONSENT_LEDGER_DATA_DIR=/data/ledger setpriv --no-new-privs chroot --userspec=10001:10001 --groups= "$root" /ledger serve > "$root/data/out" &
server=$!
until grep -q ready "$root/data/out"; do kill -0 $server; done
within health
within record opt-in --contact +447400123456 --category marketing
within check --contact +447400123456 --sender 1 --category marketing
kill -TERM $server
wait $server
echo "ended $?"
"#;

#[test]
fn the_server_runs_as_nobody_on_a_root_that_cannot_be_written() {
    let dir = tempfile::tempdir().unwrap();
    let namespaces = ["60", "unshare", "--mount", "--net", "--pid", "--fork", "--mount-proc", "--kill-child"];
    let within =
        |script: &str, args: &[&str]| Command::new("timeout").args(namespaces).args(["sh", "-c", script, "sh"]).args(args).output();
    // Who may not make namespaces cannot try it.
    if !within("mount --make-rprivate / && ip link set lo up", &[]).is_ok_and(|tried| tried.status.success()) {
        return;
    }
    let ran = within(AS_NOBODY, &[dir.path().to_str().unwrap(), env!("CARGO_BIN_EXE_consent-ledger")]).unwrap();
    let (out, err) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    for said in ["SERVING\n", "recorded as entry 3", "TEMPLATE_ONLY OPTED_IN", "ended 0\n"] {
        assert!(out.contains(said), "{said:?} is missing\n{out}\n{err}");
    }
}
