package replay

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
)

// sniffed is how much of an input is looked at to tell what it is.
const sniffed = 4096

// text returns the text of an input: gunzipped where its first bytes say gzip,
// whatever its name is. What would be read as no records at all (UTF-16,
// Zstandard, archives) is refused: a replay that silently saw nothing is worse
// than one that fails.
func text(r io.Reader) (*bufio.Reader, error) {
	br := bufio.NewReaderSize(r, 64<<10)
	head, err := peek(br)
	if err != nil {
		return nil, err
	}
	if !bytes.HasPrefix(head, []byte{0x1f, 0x8b}) {
		return plain(br, head)
	}
	zr, err := gzip.NewReader(br)
	if err != nil {
		return nil, fmt.Errorf("gunzip: %w", noEOF(err))
	}
	br = bufio.NewReaderSize(zr, 64<<10)
	if head, err = peek(br); err != nil {
		return nil, fmt.Errorf("gunzip: %w", err)
	}
	if bytes.HasPrefix(head, []byte{0x1f, 0x8b}) {
		return nil, errors.New("gzip within gzip: unpack it once")
	}
	return plain(br, head)
}

// plain refuses what is not UTF-8 text and takes the byte order mark off what is.
func plain(br *bufio.Reader, head []byte) (*bufio.Reader, error) {
	switch {
	case bytes.HasPrefix(head, []byte{0xef, 0xbb, 0xbf}):
		_, err := br.Discard(3)
		return br, err
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}), bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		// Windows PowerShell 5 writes "gcloud … > file" so.
		return nil, errors.New("UTF-16 text: convert it first, for example with iconv -f UTF-16 -t UTF-8")
	case bytes.HasPrefix(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		return nil, errors.New("compressed with Zstandard, which is not supported: unpack it first, for example with zstd -d")
	case isBinary(head):
		return nil, errors.New("binary data, or UTF-16 text without its mark: want JSON in UTF-8")
	}
	return br, nil
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

// peek returns the first bytes of the input, fewer when it is shorter or breaks
// off: what comes before the break is still read, and the break is met again.
func peek(br *bufio.Reader) ([]byte, error) {
	head, err := br.Peek(sniffed)
	if len(head) == 0 && err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return head, nil
}

// noEOF turns the io.EOF of a header that is cut off into an error that no
// reader takes for the proper end.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
