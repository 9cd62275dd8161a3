package records

import "bytes"

// An array as gcloud writes it has each element between lines of its own, indented by two
// spaces: what is found so is an element in its layout alone. So it is looked for only in an
// input that begins like that, and an element that is no JSON by itself, or no entry, has
// the block cut by the splitter.

var (
	indentedBegin = []byte("[\n  {\n")
	elementEnd    = []byte("\n  }")
	elementNext   = []byte("\n  },\n")
)

// endOfElements is where the last element ends that is followed by another one, or 0.
func endOfElements(text []byte) int {
	if i := bytes.LastIndex(text, elementNext); i >= 0 {
		return i + len(elementNext)
	}
	return 0
}

// scanIndented takes what is between the lines for records.
func (r *reading[T]) scanIndented(b *block[T]) {
	sieve := r.sieve(b)
	if sieve != nil {
		b.hits = sieve.Find(b.text, b.hits)
	}
	hit := 0
	for at := 0; at < len(b.text); {
		n := bytes.Index(b.text[at:], elementEnd)
		if n < 0 || !bytes.HasPrefix(b.text[at+n:], elementNext) || !bytes.HasPrefix(b.text[at:], []byte("  {\n")) {
			return
		}
		end := at + n + len(elementNext)
		for hit < len(b.hits) && b.hits[hit] < at {
			hit++
		}
		matters := sieve == nil || hit < len(b.hits) && b.hits[hit] < end
		if !r.line(b, b.text[at+2:at+n+len(elementEnd)], matters) {
			return
		}
		b.lines += bytes.Count(b.text[at:end], []byte("\n"))
		at = end
	}
	b.scanned = true
}
