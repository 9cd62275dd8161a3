package records

import (
	"bytes"
	"errors"
	"regexp"
)

// magics are files that hold no JSON, by what they begin with.
var magics = []struct {
	begin, is string
}{
	{"\xff\xfe", "UTF-16 text: convert it first, for example with iconv -f UTF-16 -t UTF-8"}, // PowerShell 5: gcloud … > file
	{"\xfe\xff", "UTF-16 text: convert it first, for example with iconv -f UTF-16 -t UTF-8"},
	{"PK\x03\x04", "a zip archive: unpack it first, for example with unzip"},
	{"PK\x05\x06", "a zip archive with nothing in it"},
	{"\xfd7zXZ\x00", "compressed with xz, which is not supported: unpack it first, for example with xz -d"},
	{"BZh", "compressed with bzip2, which is not supported: unpack it first, for example with bzip2 -d"},
	{"\x04\x22\x4d\x18", "compressed with LZ4, which is not supported: unpack it first, for example with lz4 -d"},
	{"PAR1", "a Parquet file: export the table as newline-delimited JSON"},
	{"Obj\x01", "an Avro file: export the table as newline-delimited JSON"},
	{"%PDF-", "a PDF file: want JSON in UTF-8"},
}

// foreign says what a text is that can hold no JSON, nil for what may.
func foreign(head []byte) error {
	for _, m := range magics {
		if bytes.HasPrefix(head, []byte(m.begin)) {
			return errors.New(m.is)
		}
	}
	const magicOfTar = 257
	switch {
	case len(head) > magicOfTar+5 && string(head[magicOfTar:magicOfTar+5]) == "ustar":
		return errors.New("a tar archive: unpack it first, for example with tar -xf")
	case isBinary(head):
		return errors.New("binary data, or UTF-16 text without its mark: want JSON in UTF-8")
	case markup.Match(head):
		return errors.New("a page of HTML or XML, as a sign-in page is: want the log entries as JSON")
	case holdsJSON(head):
		return nil
	case isYAML(head):
		return errors.New("YAML: export the entries as JSON, with --format json")
	case isCSV(head):
		return errors.New("CSV, which leaves out what the entries hold: download or export them as JSON")
	}
	return nil
}

// isBinary reports whether the input can hold no JSON at all. A stray NUL in an
// entry is that entry's problem only.
func isBinary(head []byte) bool {
	start := bytes.TrimLeft(head, " \t\r\n")
	if bytes.HasPrefix(start, []byte("{")) || bytes.HasPrefix(start, []byte("[")) {
		head = start[:min(len(start), 4)] // UTF-16 shows here
	}
	return bytes.IndexByte(head, 0) >= 0
}

// holdsJSON reports whether a line begins like a JSON object or array, so that what
// stands before may be a line that is broken.
func holdsJSON(head []byte) bool { return lineOfJSON.Match(head) || len(bytes.TrimSpace(head)) == 0 }

var (
	lineOfJSON = regexp.MustCompile(`(?m)^[ \t]*[\[{]`)
	markup     = regexp.MustCompile(`(?i)^\s*<(!doctype|html|\?xml|head|body|!--)`)
	yamlLine   = regexp.MustCompile(`(?m)^(---|(- )?[A-Za-z_@][\w.@/-]*:( .*)?)\r?$`)
)

// isYAML reports whether the first line is a key with a value, or begins a document.
func isYAML(head []byte) bool {
	at := yamlLine.FindIndex(head)
	return at != nil && len(bytes.TrimSpace(head[:at[0]])) == 0
}

// isCSV reports whether the first two lines have the same columns, two at the least.
func isCSV(head []byte) bool {
	lines := bytes.SplitN(bytes.TrimSpace(head), []byte("\n"), 3)
	for _, separator := range []string{",", "\t", ";"} {
		n := bytes.Count(lines[0], []byte(separator))
		if n > 0 && (len(lines) == 1 || bytes.Contains(lines[1], []byte(separator)) || bytes.Count(lines[1], []byte(`"`)) > 0) {
			return true
		}
	}
	return false
}
