package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/rescind-dev/rescind/remediate/state"
)

// exemptedID is a finding that somebody excepted.
const exemptedID = "dddddddddddddddddddddddddd"

// swept is a bureau where people decided, and a worker carried it out and swept. It has
// the ledger of today.
func swept(t *testing.T) (b *bureau, day string) {
	t.Helper()
	b = newBureau(t, "ada@example.com")
	b.withCloud()
	text, err := os.ReadFile(b.config)
	if err != nil {
		t.Fatal(err)
	}
	write(t, b.config, strings.Replace(string(text), "U01: ", "U03: user:kim@example.com, U01: ", 1))
	b.keep(newFinding(askedID, state.Pending), newFinding(exemptedID, state.Pending))
	for _, who := range []string{"kim@example.com", "ada@example.com"} {
		b.who = who
		if code, _, errs := b.run("findings exempt", "--reason", "the partner needs it", "--for", "48h", exemptedID); code != exitOK {
			t.Fatalf("exempt: %s", errs)
		}
	}
	b.ran("findings revert", "--reason", "not ours", askedID)
	b.fails(exitFailed, "the finding is approved", "findings keep", "--reason", "too late", askedID)
	b.ran("pause", "--reason", "a release")
	b.ran("resume")
	b.work()
	if out := b.ran("audit verify"); !strings.Contains(out, "roots cover what was there until ") || !strings.Contains(out, "; 0 events and 0 records are in none yet\n") {
		t.Fatalf("swept: %s", out)
	}
	return b, time.Now().UTC().Format(time.DateOnly)
}

// raw is the store's file, as somebody has it who can write to it.
type raw struct {
	t  *testing.T
	tx *bbolt.Tx
}

// change changes one record as JSON, which is gone where do returns nil.
func (r raw) change(bucket string, key []byte, do func(map[string]any) map[string]any) {
	r.t.Helper()
	b := r.tx.Bucket([]byte(bucket))
	old := b.Get(key)
	if old == nil {
		r.t.Fatalf("%s has no %q", bucket, key)
	}
	var v map[string]any
	if err := json.Unmarshal(old[1:], &v); err != nil {
		r.t.Fatal(err)
	}
	next := do(v)
	if next == nil {
		if err := b.Delete(key); err != nil {
			r.t.Fatal(err)
		}
		return
	}
	j, err := json.Marshal(next)
	if err != nil {
		r.t.Fatal(err)
	}
	if err := b.Put(key, append([]byte{old[0]}, j...)); err != nil {
		r.t.Fatal(err)
	}
}

func (r raw) finding(id string, do func(map[string]any)) {
	r.t.Helper()
	r.change("findings", []byte(id), func(v map[string]any) map[string]any { do(v); return v })
}

func gone(map[string]any) map[string]any { return nil }

func cellKey(name string) []byte {
	sum := sha256.Sum256([]byte(name))
	return sum[:]
}

// cell changes what is in a cell.
func (r raw) cell(name string, do func(map[string]any)) {
	r.t.Helper()
	r.change("cells", cellKey(name), func(c map[string]any) map[string]any {
		text, err := base64.StdEncoding.DecodeString(c["value"].(string))
		if err != nil {
			r.t.Fatal(err)
		}
		var v map[string]any
		if err := json.Unmarshal(text, &v); err != nil {
			r.t.Fatal(err)
		}
		do(v)
		if text, err = json.Marshal(v); err != nil {
			r.t.Fatal(err)
		}
		c["value"] = base64.StdEncoding.EncodeToString(text)
		return c
	})
}

// deleteFinding takes out all that leads to the finding, too.
func (r raw) deleteFinding(id string) {
	r.t.Helper()
	r.change("findings", []byte(id), gone)
	for _, index := range []string{"findings_by_selection", "findings_by_due", "findings_until"} {
		b := r.tx.Bucket([]byte(index))
		var keys [][]byte
		if err := b.ForEach(func(k, _ []byte) error {
			if strings.HasSuffix(string(k), id) {
				keys = append(keys, k)
			}
			return nil
		}); err != nil {
			r.t.Fatal(err)
		}
		for _, k := range keys {
			if err := b.Delete(k); err != nil {
				r.t.Fatal(err)
			}
		}
	}
}

func events(v map[string]any) []any { return v["timeline"].([]any) }

func first(v any) map[string]any { return v.([]any)[0].(map[string]any) }

// TestI8VerifyFindsWhatWasDoneToTheStore does each thing to a copy of the same store.
func TestI8VerifyFindsWhatWasDoneToTheStore(t *testing.T) {
	b, day := swept(t)
	whole, err := os.ReadFile(b.db)
	if err != nil {
		t.Fatal(err)
	}
	head := "ledger/" + day + "/head"
	for _, tt := range []struct {
		name string
		do   func(raw)
		says string
	}{
		{"the hash of the last event is removed", func(r raw) {
			r.finding(askedID, func(v map[string]any) { delete(events(v)[len(events(v))-1].(map[string]any), "hash") })
		}, "it has no hash"},
		{"all hashes of a finding are removed", func(r raw) {
			r.finding(askedID, func(v map[string]any) {
				for _, e := range events(v) {
					delete(e.(map[string]any), "hash")
					delete(e.(map[string]any), "n")
				}
			})
		}, "the trail of finding " + askedID + " breaks at event 2: it has no hash, and all since"},
		{"the seal is taken out of the last hash", func(r raw) {
			r.finding(askedID, func(v map[string]any) {
				e := events(v)[len(events(v))-1].(map[string]any)
				e["hash"], _, _ = strings.Cut(e["hash"].(string), ".")
			})
		}, "its hash does not fit"},
		{"the last event is dropped", func(r raw) {
			r.finding(askedID, func(v map[string]any) { v["timeline"] = events(v)[:len(events(v))-1] })
		}, "finding " + askedID + " is reverted, and its trail ends with applying"},
		{"the finding is put back to where it was before the last event", func(r raw) {
			r.finding(exemptedID, func(v map[string]any) {
				v["timeline"], v["state"] = events(v)[:2], "pending"
				v["answers"] = v["answers"].([]any)[:1]
				delete(v, "exemption")
				delete(v, "ended_at")
			})
		}, "the trail of finding " + exemptedID + " breaks at event 3: it is gone, and a root holds 3 of them"},
		{"another person is said to have answered", func(r raw) {
			r.finding(exemptedID, func(v map[string]any) { first(v["answers"])["principal"] = "user:eve@example.com" })
		}, "finding " + exemptedID + " is not as event 3 left it"},
		{"the actor is another one", func(r raw) {
			r.finding(exemptedID, func(v map[string]any) { first(v["actors"])["principal"] = "user:eve@example.com" })
		}, "finding " + exemptedID + " is not as event 3 left it"},
		{"the plan does something else", func(r raw) {
			r.finding(exemptedID, func(v map[string]any) {
				first(v["plan"].(map[string]any)["steps"])["resource"] = "//run.googleapis.com/projects/pay-prod/locations/europe-west1/services/web"
			})
		}, "finding " + exemptedID + " is not as event 3 left it"},
		{"the exemption ends later", func(r raw) {
			r.finding(exemptedID, func(v map[string]any) { v["exemption"].(map[string]any)["until"] = "2099-01-01T00:00:00Z" })
		}, "finding " + exemptedID + " is not as event 3 left it"},
		{"the state is another one", func(r raw) {
			r.finding(exemptedID, func(v map[string]any) { v["state"] = "kept" })
		}, "finding " + exemptedID + " is kept, and its trail ends with exempted"},
		{"a finding is deleted", func(r raw) { r.deleteFinding(askedID) }, "finding " + askedID + " is gone: a root holds"},
		{"the last record of the ledger is deleted, and the head lowered to hide it", func(r raw) {
			r.change("cells", cellKey("ledger/"+day+"/3"), gone)
			r.cell(head, func(v map[string]any) { v["n"] = 2 })
		}, "record 3 of the ledger of " + day + " is missing"},
		{"a record in the middle is deleted", func(r raw) {
			r.change("cells", cellKey("ledger/"+day+"/2"), gone)
		}, "record 2 of the ledger of " + day + " is missing"},
		{"a day of the ledger is deleted", func(r raw) {
			for i := range 3 {
				r.change("cells", cellKey(fmt.Sprintf("ledger/%s/%d", day, i+1)), gone)
			}
			r.change("cells", cellKey(head), gone)
		}, "record 3 of the ledger of " + day + " is missing: a root holds it"},
		{"the head of the ledger is lowered", func(r raw) {
			r.cell(head, func(v map[string]any) { v["n"] = 1 })
		}, "the head of the ledger of " + day},
		{"the hash of a record is removed", func(r raw) {
			r.cell("ledger/"+day+"/1", func(v map[string]any) { delete(v, "hash") })
		}, "the ledger of " + day + " breaks at record 1"},
		{"a root is deleted", func(r raw) { r.change("cells", cellKey("trail/root/1"), gone) }, "root 1 is missing"},
		{"the marker is deleted", func(r raw) { r.change("cells", cellKey("trail/roots"), gone) }, "the marker is missing or was changed"},
		{"the marker is later", func(r raw) {
			r.cell("trail/roots", func(v map[string]any) { v["since"] = "2099-01-01T00:00:00Z" })
		}, "the marker is missing or was changed"},
		{"a root holds less", func(r raw) {
			r.cell("trail/root/1", func(v map[string]any) { v["heads"] = v["heads"].([]any)[1:] })
		}, "root 1 is not as it was written"},
	} {
		if err := os.WriteFile(b.db, whole, 0o600); err != nil {
			t.Fatal(err)
		}
		b.raw(tt.do)
		code, _, errs := b.run("audit verify")
		if code != exitFailed || !strings.Contains(errs, tt.says) {
			t.Errorf("%s: exit %d, stderr %q; want exit 1, saying %q", tt.name, code, errs, tt.says)
		}
	}
}
