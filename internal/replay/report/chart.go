package report

import (
	"fmt"
	"time"

	"github.com/rescind-dev/rescind/internal/replay"
	"github.com/rescind-dev/rescind/remediate/judge"
)

// mostBars is how many bars of a chart can still be told apart on a telephone.
const mostBars = 120

// widestBar keeps a day alone from being all of a plot.
const widestBar = 40.0

// A plot is 1000 wide and 100 high, whatever it is stretched to.
const plotWidth, plotHeight = 1000.0, 100.0

// rect is a part of a plot.
type rect struct {
	Class, Title  string
	X, Y, W, H    string
	width, height float64
}

func rectOf(class, title string, x, y, w, h float64) rect {
	at := func(v float64) string { return fmt.Sprintf("%.2f", v) }
	return rect{class, title, at(x), at(y), at(w), at(h), w, h}
}

// chart is bars over the days of a history, with the days of which there is no entry.
type chart struct {
	Bars, Gaps []rect
	Max        int      // what the height of the plot stands for
	Limit      string   // where the line of the limit is; empty for none
	LimitN     int      // what it stands for
	Dates      []string // along the bottom: the first, the middle and the last
	Each       string   // what a bar is of: "1 day"
}

// calendar divides the time of a report into bars.
type calendar struct {
	first     time.Time // midnight
	days, per int
}

const day = 24 * time.Hour

func calendarOf(r replay.Report) calendar {
	first, last := r.Summary.First, r.Summary.Last
	for i := range r.Findings {
		at := r.Findings[i].Time
		if at.IsZero() {
			continue
		}
		if first.IsZero() || at.Before(first) {
			first = at
		}
		if at.After(last) {
			last = at
		}
	}
	if first.IsZero() {
		return calendar{}
	}
	first = first.UTC().Truncate(day)
	n := int(last.Sub(first)/day) + 1
	return calendar{first, n, (n + mostBars - 1) / mostBars}
}

func (c calendar) bars() int {
	if c.per == 0 {
		return 0
	}
	return (c.days + c.per - 1) / c.per
}

// bar is the one that a moment falls into; false for one that has no time.
func (c calendar) bar(t time.Time) (int, bool) {
	if t.IsZero() || c.per == 0 {
		return 0, false
	}
	return int(t.Sub(c.first)/day) / c.per, true
}

func (c calendar) from(bar int) string { return c.first.AddDate(0, 0, bar*c.per).Format(time.DateOnly) }

func (c calendar) empty() chart {
	out := chart{Each: replay.Many(c.per, "day")}
	if c.per > 0 {
		out.Dates = []string{c.from(0), c.first.AddDate(0, 0, c.days/2).Format(time.DateOnly), c.first.AddDate(0, 0, c.days-1).Format(time.DateOnly)}
		if c.days < 3 {
			out.Dates = []string{c.from(0)}
		}
	}
	return out
}

// gap is days without any entry, one after the other.
type gap struct {
	from time.Time
	days int
}

func (g gap) String() string {
	if g.days == 1 {
		return g.from.Format(time.DateOnly)
	}
	return g.from.Format(time.DateOnly) + " to " + g.from.AddDate(0, 0, g.days-1).Format(time.DateOnly)
}

func gapsOf(days []time.Time) (out []gap) {
	for _, d := range days {
		if n := len(out); n > 0 && out[n-1].from.AddDate(0, 0, out[n-1].days).Equal(d) {
			out[n-1].days++
		} else {
			out = append(out, gap{d, 1})
		}
	}
	return out
}

// gaps marks the days without any entry.
func (c calendar) gaps(days []time.Time) (out []rect) {
	one := plotWidth / float64(max(c.days, 1))
	for _, g := range gapsOf(days) {
		out = append(out, rectOf("gap", "no entry of "+g.String(), float64(g.from.Sub(c.first)/day)*one, 0, one*float64(g.days), plotHeight))
	}
	return out
}

// overTime is how many findings there were, by decision.
func (c calendar) overTime(r replay.Report) chart {
	out := c.empty()
	out.Gaps = c.gaps(r.Summary.Gaps)
	counts := make([]map[judge.Decision]int, c.bars())
	totals := make([]int, c.bars())
	for i := range r.Findings {
		n, ok := c.bar(r.Findings[i].Time)
		if !ok {
			continue
		}
		if counts[n] == nil {
			counts[n] = map[judge.Decision]int{}
		}
		counts[n][r.Findings[i].Decision]++
		totals[n]++
		out.Max = max(out.Max, totals[n])
	}
	for n, of := range counts {
		title, top := fmt.Sprintf("%s: %s", c.from(n), replay.Many(totals[n], "finding")), plotHeight
		for _, d := range decisionsDrawn {
			if of[d] == 0 {
				continue
			}
			h := plotHeight * float64(of[d]) / float64(out.Max)
			top -= h
			out.Bars = append(out.Bars, c.drawn(n, string(d), fmt.Sprintf("%s, %d %s", title, of[d], word(d, of[d])), top, h))
		}
	}
	return out
}

func (c calendar) drawn(n int, class, title string, y, h float64) rect {
	slot := plotWidth / float64(c.bars())
	w := min(slot*0.84, widestBar)
	return rectOf(class, title, float64(n)*slot+(slot-w)/2, y, w, h)
}

// busiestHours is the most would-be reverts in one hour of each day, against the limit on all.
func (c calendar) busiestHours(r replay.Report, limit int) chart {
	out := c.empty()
	out.Gaps = c.gaps(r.Summary.Gaps)
	hours := map[int64]int{}
	for i := range r.Findings {
		if f := &r.Findings[i]; f.Decision == judge.Revert && !f.Time.IsZero() {
			hours[f.Time.Unix()/3600]++
		}
	}
	most := make([]int, c.bars())
	for hour, n := range hours {
		bar, _ := c.bar(time.Unix(hour*3600, 0).UTC())
		bar = max(bar, 0)
		most[bar] = max(most[bar], n)
		out.Max = max(out.Max, n)
	}
	if limit > 0 {
		out.LimitN = limit
		out.Max = max(out.Max, limit)
		out.Limit = fmt.Sprintf("%.2f", plotHeight-plotHeight*float64(limit)/float64(out.Max))
	}
	for n, reverts := range most {
		if reverts == 0 {
			continue
		}
		class := "revert"
		if limit > 0 && reverts > limit {
			class = "over"
		}
		h := plotHeight * float64(reverts) / float64(out.Max)
		out.Bars = append(out.Bars, c.drawn(n, class, fmt.Sprintf("%s: %s in one hour", c.from(n), replay.Many(reverts, "revert")), plotHeight-h, h))
	}
	return out
}
