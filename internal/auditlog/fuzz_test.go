package auditlog

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// FuzzDecode holds what Decode promises of any input.
func FuzzDecode(f *testing.F) {
	for _, entry := range fixtures(f) {
		f.Add(entry)
		f.Add(entry[:len(entry)/2])
	}
	f.Add([]byte(`{"logName":"projects/p/logs/cloudaudit.googleapis.com/activity","protoPayload":{"serviceName":"run.googleapis.com","methodName":"."}}`))
	f.Fuzz(func(t *testing.T, entry []byte) {
		c, err := Decode(entry)
		again, errAgain := Decode(entry)
		if !reflect.DeepEqual(c, again) || (err == nil) != (errAgain == nil) {
			t.Errorf("decoded twice: %+v and %+v", c, again)
		}
		if err != nil && sentinels(err) != 1 {
			t.Errorf("%v matches %d errors, want one", err, sentinels(err))
		}
		stored, jsonErr := json.Marshal(c)
		if jsonErr != nil {
			t.Fatalf("cannot be stored: %v", jsonErr)
		}
		if err == nil {
			checkChange(t, c, stored)
		}
	})
}

func sentinels(err error) (n int) {
	for _, s := range []error{ErrNotChange, ErrFailedCall, ErrRehearsal, ErrUnknownMethod, ErrUnreadable} {
		if errors.Is(err, s) {
			n++
		}
	}
	return n
}

// checkChange wants of every change that it names one thing, that storing
// loses nothing of it, and that what it leaves open it says.
func checkChange(t *testing.T, c cloud.Change, stored []byte) {
	t.Helper()
	if r, err := cloud.ParseResource(c.Resource.String()); err != nil || r != c.Resource {
		t.Errorf("resource %q: %v", c.Resource, err)
	}
	var back cloud.Change
	if err := json.Unmarshal(stored, &back); err != nil || back.ID != c.ID || back.Resource != c.Resource {
		t.Errorf("stored as %s: %v", stored, err)
	}
	if c.Actor.Principal == "" || c.Verb == "" {
		t.Errorf("no actor or verb: %+v", c)
	}
	if w := c.Workload; w != nil {
		checkUnread(t, c, "identity", w.Identity.Knowledge == cloud.Unknown)
		checkUnread(t, c, "invoker check", w.InvokerCheckDisabled.Knowledge == cloud.Unknown)
		if (w.Identity.Knowledge == cloud.Known || w.Identity.Unreadable() != "") != (w.Identity.Email != "") {
			t.Errorf("identity %+v", w.Identity)
		}
	}
	// A container's entry may simply hold no delta; then it claims nothing.
	if c.Verb == cloud.SetPolicy && !c.HasDelta && c.Policy == nil && !c.Resource.Kind.Container() {
		checkUnread(t, c, "grants", true)
	}
}
