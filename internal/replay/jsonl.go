package replay

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf8"
)

// WriteJSONL writes each finding as one line of JSON. Where nothing could be read one
// line has that as its "problem": no line at all would look like no finding.
func WriteJSONL(w io.Writer, r Report) error {
	if r.Summary.ReadNothing() && len(r.Findings) == 0 {
		line, err := json.Marshal(map[string]string{"problem": r.Summary.nothing()})
		if err == nil {
			_, err = w.Write(append(line, '\n'))
		}
		if err != nil {
			return fmt.Errorf("write findings: %w", err)
		}
	}
	for _, f := range r.Findings {
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(f); err != nil {
			return fmt.Errorf("write finding: %w", err)
		}
		if _, err := w.Write(escapeControls(b.Bytes())); err != nil {
			return fmt.Errorf("write finding: %w", err)
		}
	}
	return nil
}

// escapeControls escapes the control characters that JSON allows in strings as
// they are: standard output may be a terminal, which must not obey them.
func escapeControls(line []byte) []byte {
	out := make([]byte, 0, len(line))
	for len(line) > 0 {
		r, n := utf8.DecodeRune(line)
		if r != '\n' && steers(r) {
			out = fmt.Appendf(out, `\u%04x`, r)
		} else {
			out = append(out, line[:n]...)
		}
		line = line[n:]
	}
	return out
}
