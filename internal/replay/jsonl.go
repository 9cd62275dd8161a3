package replay

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"
)

// WriteJSONL writes each finding as one line of JSON. Where nothing could be read one
// line has that as its "problem": no line at all would look like no finding.
func WriteJSONL(w io.Writer, r Report) error {
	if r.Summary.ReadNothing() && len(r.Findings) == 0 {
		line, err := json.Marshal(map[string]string{"problem": r.Summary.Nothing()})
		if err == nil {
			_, err = w.Write(append(line, '\n'))
		}
		if err != nil {
			return fmt.Errorf("write findings: %w", err)
		}
	}
	return WriteLines(w, r.Findings)
}

// WriteLines writes each value as one line of JSON that steers no terminal.
func WriteLines[T any](w io.Writer, values []T) error {
	out := bufio.NewWriterSize(w, 64<<10) // its error is that of Flush
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	for i := range values {
		b.Reset()
		if err := enc.Encode(&values[i]); err != nil {
			return fmt.Errorf("write finding: %w", err)
		}
		_, _ = out.Write(escapeControls(b.Bytes()))
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write findings: %w", err)
	}
	return nil
}

// escapeControls escapes the control characters that JSON allows in strings as
// they are: standard output may be a terminal, which must not obey them.
func escapeControls(line []byte) []byte {
	plain := func(c byte) bool { return c >= 0x20 && c < 0x7f || c == '\n' }
	if !slices.ContainsFunc(line, func(c byte) bool { return !plain(c) }) {
		return line
	}
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
