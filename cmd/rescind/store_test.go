package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rescind-dev/rescind/internal/store/bolt"
)

func TestTheCommandsOfAStoreInAFile(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "rescind.yaml"), strings.Replace(smallConfig, "STORE", "bolt:state.db", 1))
	state, backup := filepath.Join(dir, "state.db"), filepath.Join(dir, "backup.db")
	s, err := bolt.Open(state)
	if err != nil {
		t.Fatal(err)
	}
	ran := func(wantCode int, want string, args ...string) {
		t.Helper()
		args = append([]string{"store", args[0], "--config", filepath.Join(dir, "rescind.yaml")}, args[1:]...)
		code, out, errs := runCommand(t, "", args...)
		if code != wantCode || !strings.Contains(out+errs, want) {
			t.Errorf("%q: exit %d, want %d\n%s%swant %q", args, code, wantCode, out, errs, want)
		}
	}
	ran(exitFailed, "in use by another process", "check")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	ran(exitOK, "state.db is sound: 0 findings", "check")
	ran(exitOK, "backup.db is a copy of ", "backup", backup)
	ran(exitFailed, "backup.db is there already", "backup", backup)
	if err := os.Truncate(state, 8192); err != nil {
		t.Fatal(err)
	}
	ran(exitFailed, "the store's file is damaged: it is cut off", "check")
	ran(exitFailed, "the store's file is damaged", "backup", filepath.Join(dir, "other.db"))
	ran(exitOK, "what was there is "+state+".before-restore-1", "restore", backup)
	ran(exitOK, "is sound", "check")
	ran(exitUsage, "want 1 file names, have 0", "restore")
	write(t, filepath.Join(dir, "rescind.yaml"), strings.Replace(smallConfig, "STORE", "firestore://ops/rescind", 1))
	ran(exitFailed, "the store is firestore:, and this is for bolt", "check")
}

const smallConfig = `scope: {include: [projects/p]}
identity: rescind@ops.iam.gserviceaccount.com
store: STORE
push: {audience: https://r.example.com, service_account: push@ops.iam.gserviceaccount.com}
`
