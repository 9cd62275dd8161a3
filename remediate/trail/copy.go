package trail

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// ReadCopy returns the lines of the trail that are in a copy that left the store, in
// their order. The copy is what a process wrote to standard error, as text or as JSON,
// or what `gcloud logging read --format json` prints of it or of the log audit_log; all
// else in it is passed over. A line of the trail that cannot be read is an error.
func ReadCopy(r io.Reader) ([]Line, error) {
	b, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read the copy: %w", err)
	}
	var out []Line
	for i, part := range copyParts(b) {
		l, ok, err := copied(part, time.Time{})
		if err != nil {
			return nil, fmt.Errorf("line or entry %d of the copy: %w", i+1, err)
		}
		if ok {
			out = append(out, l)
		}
	}
	return out, nil
}

// copyParts are the entries of a copy: the elements of a JSON array, JSON values one
// after the other, or its lines.
func copyParts(b []byte) [][]byte {
	b = bytes.TrimSpace(b)
	var array []json.RawMessage
	if json.Unmarshal(b, &array) == nil {
		return raws(array)
	}
	d, values := json.NewDecoder(bytes.NewReader(b)), []json.RawMessage(nil)
	for {
		var v json.RawMessage
		err := d.Decode(&v)
		switch {
		case errors.Is(err, io.EOF):
			return raws(values)
		case err != nil:
			return bytes.Split(b, []byte("\n"))
		}
		values = append(values, v)
	}
}

func raws(vs []json.RawMessage) (out [][]byte) {
	for _, v := range vs {
		out = append(out, v)
	}
	return out
}

// copied is the line of the trail that an entry has, if it has one. The time is that of
// the entry around it.
func copied(b []byte, at time.Time) (Line, bool, error) {
	b = bytes.TrimSpace(b)
	if !bytes.HasPrefix(b, []byte("{")) {
		return copiedText(string(b))
	}
	var e struct {
		Msg       string          `json:"msg"`
		Message   string          `json:"message"`
		Time      time.Time       `json:"time"`
		Timestamp time.Time       `json:"timestamp"`
		JSON      json.RawMessage `json:"jsonPayload"`
		Text      string          `json:"textPayload"`
		Chain     string          `json:"chain"`
	}
	// An entry of another kind may have anything under these names.
	if err := json.Unmarshal(b, &e); err != nil && !bytes.Contains(b, []byte(`"audit"`)) {
		return Line{}, false, nil // it is none of ours
	} else if err != nil {
		return Line{}, false, err
	}
	switch {
	case len(e.JSON) > 0:
		return copied(e.JSON, e.Timestamp)
	case e.Text != "":
		return copiedText(e.Text)
	case e.Msg != "audit" && e.Message != "audit":
		return Line{}, false, nil
	}
	var l Line
	if err := json.Unmarshal(b, &l); err != nil {
		return Line{}, false, err
	}
	for _, t := range []time.Time{e.Time, at} {
		if l.At.IsZero() {
			l.At = t
		}
	}
	return l, true, l.complete()
}

// complete returns an error unless the line says where in the trail it is.
func (l Line) complete() error {
	if l.Chain == "" || l.N < 1 || l.Kind == "" {
		return fmt.Errorf("it is of the trail, and does not say which line: chain %q, number %d, kind %q", l.Chain, l.N, l.Kind)
	}
	return nil
}

// copiedText reads a line as slog's text form has it.
func copiedText(s string) (Line, bool, error) {
	fields, err := textFields(s)
	if fields["msg"] != "audit" {
		return Line{}, false, nil // it is none of ours
	}
	if err != nil {
		return Line{}, false, err
	}
	n, err := strconv.Atoi(fields["n"])
	if err != nil {
		return Line{}, false, fmt.Errorf("its number: %w", err)
	}
	count, _ := strconv.Atoi(fields["count"]) // missing for one that stands for itself
	at, err := time.Parse(time.RFC3339Nano, fields["time"])
	if err != nil {
		return Line{}, false, fmt.Errorf("its time: %w", err)
	}
	l := Line{
		At: at, Chain: fields["chain"], N: n, Kind: fields["kind"], Finding: fields["finding"], Policy: fields["policy"],
		Resource: fields["resource"], Who: fields["who"], Via: fields["via"], Class: fields["class"], What: fields["what"],
		Plan: fields["plan"], Count: count, Hash: fields["hash"],
	}
	return l, true, l.complete()
}

// textFields are the keys and values of one line, those before what cannot be read also
// with an error.
func textFields(s string) (map[string]string, error) {
	out := map[string]string{}
	for s = strings.TrimSpace(s); s != ""; s = strings.TrimLeft(s, " ") {
		key, rest, ok := strings.Cut(s, "=")
		if !ok || strings.ContainsAny(key, " \"") {
			return out, fmt.Errorf("want key=value at %.40q", s)
		}
		value, after, _ := strings.Cut(rest, " ")
		if strings.HasPrefix(rest, `"`) {
			quoted, err := strconv.QuotedPrefix(rest)
			if err != nil {
				return out, fmt.Errorf("the value of %s has no end", key)
			}
			if value, err = strconv.Unquote(quoted); err != nil {
				return out, fmt.Errorf("the value of %s: %w", key, err)
			}
			after = rest[len(quoted):]
		}
		out[key], s = value, after
	}
	return out, nil
}

// Differs says in which way the line in the store is not the one in the copy; empty
// where it is. Times are not compared: a log may have rounded its own, and the hash holds
// that of the store.
func (l Line) Differs(copied Line) string {
	for _, f := range []struct{ name, is, was string }{
		{"kind", l.Kind, copied.Kind}, {"who", l.Who, copied.Who}, {"via", l.Via, copied.Via}, {"what", l.What, copied.What},
		{"plan", l.Plan, copied.Plan}, {"class", l.Class, copied.Class}, {"finding", l.Finding, copied.Finding},
		{"policy", l.Policy, copied.Policy}, {"resource", l.Resource, copied.Resource},
		{"count", strconv.Itoa(l.Count), strconv.Itoa(copied.Count)}, {"hash", l.Hash, copied.Hash},
	} {
		if f.is != f.was {
			return fmt.Sprintf("its %s is %q, and %q in the copy", f.name, f.is, f.was)
		}
	}
	return ""
}

// Place names the line by its chain and number.
func (l Line) Place() string {
	kind, of, _ := strings.Cut(l.Chain, "/")
	switch kind {
	case "finding":
		return fmt.Sprintf("event %d of finding %s", l.N, of)
	case "ledger":
		return fmt.Sprintf("record %d of the ledger of %s", l.N, of)
	}
	return fmt.Sprintf("root %d", l.N)
}
