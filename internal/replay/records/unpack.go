package records

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

const (
	// sniffed is how much of an input is looked at to tell what it is.
	sniffed = 4096
	// mostLayers is how many times an input may be compressed.
	mostLayers = 4
	// mostWindow is how far back Zstandard may refer, in bytes; zstd makes no more of
	// itself without --ultra.
	mostWindow = 128 << 20
)

// Unpack returns the text of an input, unpacked where its first bytes say gzip or
// Zstandard, whatever its name is and however often it was packed. What would be read as
// no records at all is refused by its name: a replay that silently saw nothing is worse
// than one that fails. done frees what unpacking took.
func Unpack(r io.Reader) (text io.Reader, done func(), err error) {
	done = func() {}
	for range mostLayers {
		br := bufio.NewReaderSize(r, 64<<10)
		head, err := peek(br)
		switch {
		case err != nil:
			return nil, done, err
		case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
			if r, err = gzip.NewReader(br); err != nil {
				return nil, done, fmt.Errorf("gunzip: %w", noEOF(err))
			}
			r = named{r, "gunzip"}
		case bytes.HasPrefix(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
			z, err := zstd.NewReader(br, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(mostWindow))
			if err != nil {
				return nil, done, fmt.Errorf("zstd: %w", noEOF(err))
			}
			before := done
			done = func() { z.Close(); before() }
			r = named{z, "zstd"}
		default:
			return plain(br, head, done)
		}
	}
	return nil, done, fmt.Errorf("it is compressed more than %d times: unpack it first", mostLayers)
}

// plain refuses what is not JSON in UTF-8 and takes the byte order mark off what is.
func plain(br *bufio.Reader, head []byte, done func()) (io.Reader, func(), error) {
	if mark := []byte{0xef, 0xbb, 0xbf}; bytes.HasPrefix(head, mark) {
		_, err := br.Discard(len(mark))
		return br, done, err
	}
	return br, done, foreign(head)
}

// named says in its errors what was unpacked.
type named struct {
	io.Reader
	what string
}

func (n named) Read(p []byte) (int, error) {
	c, err := n.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = fmt.Errorf("%s: %w", n.what, err)
	}
	return c, err
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
