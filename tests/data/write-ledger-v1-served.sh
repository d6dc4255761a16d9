#!/bin/sh
# How ledger-v1-served/ was written, once, by the real binary: every kind of entry, recorded as callers record them, then the
# keys changed. Not run by any test: what is in that folder stays as it is.
#
#   tests/data/write-ledger-v1-served.sh BINARY NEW-DIRECTORY
set -eu
bin=$1 dir=$2
data=$(dirname "$0")
test ! -e "$dir"
mkdir "$dir"

served() {
    "$bin" serve --data-dir "$dir/data" --listen 127.0.0.1:0 --http 127.0.0.1:0 --app-secret secret --verify-token token \
        --checkpoint-dir "$dir/published" >"$dir/ready" 2>>"$dir/log" &
    server=$!
    until grep -q '^ready' "$dir/ready"; do kill -0 $server; sleep 0.1; done
    CONSENT_LEDGER_SERVER=http://$(sed 's/.*grpc=\([^ ]*\).*/\1/' "$dir/ready")
    CONSENT_LEDGER_SERVER_HTTP=http://$(sed 's/.*http=\([^ ]*\).*/\1/' "$dir/ready")
    export CONSENT_LEDGER_SERVER CONSENT_LEDGER_SERVER_HTTP
}
stopped() {
    kill -TERM $server
    wait $server
}
day() { echo "2026-03-0$1T10:00:00Z"; }
say() { "$bin" "$@" >>"$dir/said"; }

served
say account create shop
say policy adopt --preset meta --set keep_message_text=true --at "$(day 1)"
say sender declare --sender 1001 --automated --weekly-templates 5000 --path email,app-link --at "$(day 1)"
say sender rate --sender 1002 --quality red --at "$(day 1)"
say sender restrict --sender 1003 --kind business-initiated --until 2026-03-20T00:00:00Z --at "$(day 2)"
say sender restrict --all-senders --kind all --until 2026-03-03T00:00:00Z --at "$(day 2)"
say sender lift --all-senders --kind all --at 2026-03-02T12:00:00Z
say template register --name offers --language en --category marketing --parameters 1 --at "$(day 1)"
say template register --name hello --language en --category utility --opt-in-request --at "$(day 1)"
say template change --name offers --language en --status paused --quality red --at "$(day 4)"

say record opt-in --contact +447400100001 --category marketing,utility --method website --at "$(day 1)" --event-id first
say record opt-in --contact +447400100002 --category marketing --sender 1001 --at "$(day 1)"
say record inbound --contact +447400100002 --sender 1001 --kind text --text STOP --at "$(day 2)" --event-id "the stop"
say record confirmation --contact +447400100002 --sender 1001 --at 2026-03-02T10:01:00Z
say record inbound --contact +447400100003 --contact GB.3 --sender 1001 --kind text --text hello --at "$(day 2)"
say record feedback --contact +447400100003 --sender 1001 --code 131047 --at 2026-03-02T11:00:00Z
say record opt-out --contact GB.3 --at "$(day 3)"
say record preference --contact +447400100001 --sender 1001 --preference stop --at "$(day 3)"
say record preference --contact +447400100001 --sender 1001 --preference resume --at "$(day 4)"
say record inbound --contact +447400100004 --sender 1002 --kind text --text "Stop. Thank you" --at "$(day 3)"
say record inbound --contact +447400100004 --sender 1002 --kind text --text "START utility" --at "$(day 4)"
doubt=$("$bin" possible-opt-outs list --json | sed -n 's/.*"seq":"\{0,1\}\([0-9]*\).*/\1/p' | head -1)
say possible-opt-outs dismiss "$doubt"
say possible-opt-outs confirm "$doubt"
say identity link --contact +447400100005 --contact GB.5 --at "$(day 2)"
say record opt-in --contact GB.5 --category marketing --at "$(day 1)"
say record opt-out --contact +447400100006 --category marketing --at "$(day 1)"
say identity change-number --from +447400100006 --to +447400100007 --at "$(day 2)"
say identity change-user-id --from GB.8 --to GB.9 --at "$(day 2)"
say record opt-in --contact +447400100010 --category marketing --at "$(day 1)"
say identity key-changed --contact +447400100010 --sender 1001 --at "$(day 2)"
say record opt-out --contact +447400100001 --account shop --at "$(day 1)"
printf 'contact,action,occurred_at,categories,evidence_text\n%s\n%s\n' \
    '+447400100011,opt-in,2026-03-01T10:00:00Z,marketing,' '+447400100012,opt-in,2026-03-01T10:00:00Z,marketing,Yes' >"$dir/list.csv"
say import "$dir/list.csv"
say webhook replay --app-secret secret "$data/wa_webhooks" "$data/webhook_shapes/field_unknown.json"

say record opt-in --contact +447400100013 --category marketing --at "$(day 1)" --event-id "of who is erased"
say erase request --contact +447400100013 --delay 0s
say record opt-in --contact +447400100014 --category marketing --at "$(day 1)"
say erase request --contact +447400100014 --delay 7d
say erase cancel --contact +447400100014
say erase hold --contact +447400100001
say erase hold --contact +447400100014
say erase release --contact +447400100014
until "$bin" check --contact +447400100013 --sender 1001 --category marketing | grep -q CONTACT_ERASED; do sleep 0.2; done
say check --contact +447400100001 --sender 1001 --category marketing --receipt "$dir/before.receipt"
say export --contact +447400100001 --evidence --out "$dir/evidence.jsonl"
say trail --contact +447400100001
say checkpoint
stopped
"$bin" keys public --data-dir "$dir/data" >"$dir/before.key"

"$bin" keys rotate-signing --data-dir "$dir/data" --use checkpoint --checkpoint-dir "$dir/published" >>"$dir/said"
"$bin" keys rotate-signing --data-dir "$dir/data" --use receipt --checkpoint-dir "$dir/published" >>"$dir/said"
"$bin" keys rotate-lookup --data-dir "$dir/data" >>"$dir/said"
"$bin" keys rotate-master --data-dir "$dir/data" >>"$dir/said"

served
say record opt-in --contact +447400100015 --category utility --at "$(day 5)" --event-id "after the keys"
say record inbound --contact +447400100001 --sender 1001 --kind text --text hello --at "$(day 5)"
say check --contact +447400100015 --sender 1001 --category utility --receipt "$dir/after.receipt"
"$bin" keys add --name ops --role operator,auditor,recorder >"$dir/ops.key"
export CONSENT_LEDGER_API_KEY_FILE="$dir/ops.key"
say keys add --name crm --role recorder --account shop
say keys revoke 257
say record opt-out --contact +447400100015 --category utility --at "$(day 6)"
say trail --contact +447400100015
stopped
say verify --data-dir "$dir/data"

"$bin" keys public --data-dir "$dir/data" >"$dir/after.key"
# Room for eight more contacts is enough: of the keys that nobody has yet the others are left out, of both files alike. And sled
# is made anew from the journal.
for copy in a b; do
    size=$(wc -c <"$dir/data/keyring/$copy")
    truncate -s $((size - (4096 - 8) * 64)) "$dir/data/keyring/$copy"
done
rm -r "$dir/data/sled"
rm "$dir/ready" "$dir/log" "$dir/said" "$dir/list.csv"
