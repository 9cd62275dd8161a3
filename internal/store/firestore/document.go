package firestore

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"cloud.google.com/go/firestore"

	"github.com/rescind-dev/rescind/internal/store/record"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
)

// layout is in every document, and names the fields below and what they hold.
// A rescind that does not know the layout of a document refuses it rather than
// write a part of its fields. What the record field holds has a format of its
// own, which package record knows.
const layout = 1

// The fields of a document. What a record says is read from the record alone;
// the fields beside it are what queries and conditions need.
const (
	layoutField   = "layout"
	recordField   = "record"     // the stored form of package record
	writeField    = "write"      // a token of the write that made the document what it is
	expireField   = "expire_at"  // when Firestore may delete it; a document without one stays
	idField       = "id"         // of a finding, as are those below; the document's own may be a digest
	createdField  = "created_at" // a stamp
	dueField      = "due_at"     // a stamp; none when the finding is never due
	stateField    = "state"      // a key, as are those below
	policyField   = "policy"
	projectField  = "project"
	resourceField = "resource"
	// Of an owed change, the first a key and the last a stamp.
	placeField     = "place"
	placeNameField = "place_name"
	sinceField     = "since"
)

// fields are the fields of one document.
type fields map[string]any

// maxRecord is the most that a record may take, in bytes: Firestore refuses a
// document over 1 MiB, its name and other fields included
// (https://cloud.google.com/firestore/quotas#limits).
const maxRecord = 1<<20 - 16<<10

// findingFields returns the document of f, which takes the place of old, and f as it
// reads back.
func findingFields(f, old finding.Finding) (fields, finding.Finding, error) {
	b, f, err := record.Successor(f, old)
	if err != nil {
		return nil, finding.Finding{}, err
	}
	if len(b) > maxRecord {
		return nil, finding.Finding{}, fmt.Errorf("it takes %d bytes, and Firestore has room for %d", len(b), maxRecord)
	}
	doc := fields{
		layoutField: layout, recordField: b, idField: f.ID, createdField: stamp(f.CreatedAt),
		stateField: key(string(f.State)), policyField: key(f.Policy),
		projectField: key(f.Resource.Project), resourceField: key(f.Resource.String()),
	}
	if !f.DueAt.IsZero() {
		doc[dueField] = stamp(f.DueAt)
	}
	if at := record.ForgetAt(f); !at.IsZero() { // Firestore deletes within a day or so after
		doc[expireField] = at
	}
	return doc, f, nil
}

// recordOf returns the record in the document.
func recordOf(doc *firestore.DocumentSnapshot) ([]byte, error) {
	data := doc.Data()
	if got := data[layoutField]; got != int64(layout) {
		err := fmt.Errorf("document %s has layout %v, this release reads %d", doc.Ref.ID, got, layout)
		if n, ok := got.(int64); ok && n > layout {
			err = fmt.Errorf("%w: %w", fault.ErrLater, err)
		}
		return nil, err
	}
	b, ok := data[recordField].([]byte)
	if !ok {
		return nil, fmt.Errorf("document %s holds no record", doc.Ref.ID)
	}
	return b, nil
}

func findingOf(doc *firestore.DocumentSnapshot) (finding.Finding, error) {
	b, err := recordOf(doc)
	if err != nil {
		return finding.Finding{}, err
	}
	return record.ReadFinding(b)
}

// key makes text that strangers write fit to name a document and to be
// compared in an index: Firestore takes no name with a slash, over 1500 bytes
// or in double underscores, and compares the first 1500 bytes alone. Short
// plain text stays legible; anything else becomes its digest, which no plain
// text can be taken for.
func key(text string) string {
	const most = 200
	if len(text) > 0 && len(text) <= most && alphanumeric(text[0]) && plain(text) {
		return text
	}
	sum := sha256.Sum256([]byte(text))
	return "~" + hex.EncodeToString(sum[:])
}

func plain(text string) bool {
	for i := range len(text) {
		if c := text[i]; !alphanumeric(c) && c != '-' && c != '.' && c != '@' {
			return false
		}
	}
	return true
}

func alphanumeric(c byte) bool { return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' }

// stamp is a time as text that sorts as the time does. Firestore's own
// timestamps would lose its nanoseconds. Times of other than four-digit years,
// which no record can have, sort before and after all that can.
func stamp(t time.Time) string {
	t = t.UTC()
	switch {
	case t.Year() < 0:
		return "-"
	case t.Year() > 9999:
		return "~"
	}
	return t.Format("2006-01-02T15:04:05.000000000Z")
}
