package report

import (
	"bufio"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/rescind-dev/rescind/internal/replay"
)

// row is a finding of the page; of two reports compared, with how it changed.
type row struct {
	finding        *replay.Finding
	change, before string
}

// data writes findings for the page's script: a row each, of numbers that stand for texts,
// as most texts are those of many findings.
type data struct {
	out   *bufio.Writer // its error is that of Flush
	index map[string]int
	texts []string
	row   []byte
}

// writeRows writes the rows and then the texts, each in an element that no browser runs.
// The page's script knows the order of a row.
func writeRows(out *bufio.Writer, rows []row) error {
	d := &data{out: out, index: map[string]int{"": 0}, texts: []string{""}}
	_, _ = out.WriteString(`<script type="application/json" id="rows">[`)
	for i, r := range rows {
		d.row = d.row[:0]
		if i > 0 {
			d.row = append(d.row, ",\n"...)
		}
		d.add(r)
		if _, err := out.Write(d.row); err != nil {
			return fmt.Errorf("write findings: %w", err)
		}
	}
	_, _ = out.WriteString("]</script>\n" + `<script type="application/json" id="texts">[`)
	for i, text := range d.texts {
		if i > 0 {
			_ = out.WriteByte(',')
		}
		if _, err := out.Write(quoted(text)); err != nil {
			return fmt.Errorf("write findings: %w", err)
		}
	}
	_, _ = out.WriteString("]</script>\n")
	return nil
}

// quoted is the text as JSON, in which nothing ends a script: encoding/json writes < > and &
// as escapes.
func quoted(text string) []byte {
	out, _ := json.Marshal(replay.OneLine(text)) // a string always can be
	return out
}

func (d *data) add(r row) {
	f := r.finding
	d.row = append(d.row, '[')
	d.row = strconv.AppendInt(d.row, f.Time.Unix(), 10)
	for _, text := range []string{
		f.Policy, string(f.Verdict), string(f.Severity), f.Resource.String(), where(f), f.Actor, f.Method, string(f.Enforcement), string(f.Decision), string(f.Tool),
	} {
		d.number(text)
	}
	d.row = append(d.row, ',', '[')
	for i, reason := range f.Reasons {
		d.listed(i, reason)
	}
	d.row = append(d.row, ']', ',', '[')
	for i, s := range f.Plan {
		d.listed(i, s.String())
	}
	d.row = append(d.row, ']', ',')
	d.row = append(d.row, quoted(f.InsertID)...)
	if e := f.Ended; e != nil {
		d.number(e.By)
		d.row = append(strconv.AppendInt(append(d.row, ','), e.After, 10), ',')
		d.row = append(d.row, quoted(e.InsertID)...)
	} else {
		d.row = append(d.row, `,0,-1,""`...)
	}
	d.number(r.change)
	d.number(r.before)
	d.row = append(d.row, ']')
}

// number adds what stands for the text.
func (d *data) number(text string) {
	d.row = append(d.row, ',')
	d.listed(0, text)
}

func (d *data) listed(i int, text string) {
	n, known := d.index[text]
	if !known {
		n = len(d.texts)
		d.index[text] = n
		d.texts = append(d.texts, text)
	}
	if i > 0 {
		d.row = append(d.row, ',')
	}
	d.row = strconv.AppendInt(d.row, int64(n), 10)
}
