//go:build browser

package report

import (
	"fmt"
	"strings"
	"testing"
)

// Keys, as WebDriver names them. https://www.w3.org/TR/webdriver2/#keyboard-actions
const (
	downKey, endKey, escapeKey, enterKey = "\ue015", "\ue010", "\ue00c", "\ue007"
)

// The page of no, one, some and many findings: nothing reaches over the edge of a telephone,
// and the first paint does not wait for fifty thousand rows.
func TestBrowserShowsThePageInEachSize(t *testing.T) {
	c := newChromium(t)
	for _, n := range []int{0, 1, 300, 50_000} {
		r := invented(n)
		for d := range 14 {
			r.Summary.Gaps = append(r.Summary.Gaps, r.Summary.First.AddDate(0, 0, 30+d))
		}
		r.Summary.WithoutEntry = 14
		c.opened(r)
		for _, width := range []int{1280, 840, 390} {
			for _, dark := range []bool{false, true} {
				c.look(fmt.Sprintf("report-%d-%d", n, width), width, dark)
			}
			var over int
			if c.Script(`return document.documentElement.scrollWidth - innerWidth`, &over); over > 0 {
				t.Errorf("%d findings reach %d px over the edge of %d", n, over, width)
			}
		}
		c.Devtools("Emulation.clearDeviceMetricsOverride", map[string]any{}, nil)
		var rows int
		if c.Script(`return document.querySelectorAll('.row').length`, &rows); rows > 80 || n > 0 && rows == 0 {
			t.Errorf("%d rows are drawn of %d", rows, n)
		}
		c.quiet()
	}
	var paint float64
	c.Script(`return performance.getEntriesByName('first-contentful-paint')[0].startTime`, &paint)
	t.Logf("first paint of 50,000 findings after %.0f ms", paint)
	if paint >= 1000 {
		t.Errorf("the first paint came after %.0f ms", paint)
	}
}

func TestBrowserFiltersAndMovesByKeyboard(t *testing.T) {
	c := newChromium(t)
	r := invented(300)
	c.opened(r)
	text := func(selector string) (s string) {
		c.Script(`return document.querySelector('`+selector+`').textContent`, &s)
		return s
	}
	c.Press("/")
	c.Press("api-5")
	want := 0
	for i := range r.Findings {
		if strings.Contains(r.Findings[i].Resource.Name, "api-5") {
			want++
		}
	}
	if got := text("#counted"); got != fmt.Sprintf("%d of 300", want) {
		t.Errorf("%q, want %d of 300", got, want)
	}
	c.Press(enterKey + downKey + downKey)
	c.Save("report-detail")
	if got := text("#detail"); !strings.Contains(got, "/services/api-5") || !strings.Contains(got, "roles/run.invoker to allUsers was added") || !strings.Contains(got, "remove roles/run.invoker") {
		t.Errorf("the detail is %q", got)
	}
	c.Press(escapeKey + endKey)
	if got := text("#detail"); !strings.Contains(got, r.Findings[299].InsertID) {
		t.Errorf("End leads to %q, want the last finding", got)
	}
	var chip string
	c.Script(`document.querySelector('button[data-key=policy]').click(); return document.querySelector('#chips').textContent`, &chip)
	if !strings.Contains(chip, "no-constraint-weakening") {
		t.Errorf("the filter shows as %q", chip)
	}
	c.Script(`dispatchEvent(new Event('beforeprint'))`, nil)
	var printed int
	if c.Script(`return document.querySelectorAll('#printed tbody tr').length`, &printed); printed == 0 || printed == 300 {
		t.Errorf("%d rows are printed", printed)
	}
	c.Devtools("Emulation.setEmulatedMedia", map[string]any{"media": "print"}, nil)
	c.Save("report-printed")
	c.quiet()
}

// A page of two sets of policies says of each row how it differs, and filters by that.
func TestBrowserShowsWhatDiffers(t *testing.T) {
	c := newChromium(t)
	c.openedText(compareAs(t, "html", compared(), Options{Limits: limits}))
	c.look("report-compared", 1280, false)
	var rows string
	c.Script(`document.querySelector('button[data-value="changes decision"]').click(); return [...document.querySelectorAll('.row .says')].map(e => e.textContent).join()`, &rows)
	if rows != "report → revert,report → report?" {
		t.Errorf("the rows say %q", rows)
	}
	c.quiet()
}

// Whatever strangers wrote is text: it runs nothing, asks nothing of a network and turns
// nothing around.
func TestBrowserObeysNothingThatStrangersWrote(t *testing.T) {
	c := newChromium(t)
	c.opened(strange())
	c.Script(`document.getElementById('list').focus()`, nil)
	c.Press(downKey)
	var made struct {
		Images, Scripts, Requests int
		Detail                    string
	}
	c.Script(`return {images: document.images.length, scripts: document.scripts.length, requests: performance.getEntriesByType('resource').length, detail: document.getElementById('detail').textContent}`, &made)
	if made.Images != 0 || made.Scripts != 3 || made.Requests != 0 {
		t.Errorf("%d images, %d scripts and %d requests, want none, 3 and none", made.Images, made.Scripts, made.Requests)
	}
	if !strings.Contains(made.Detail, "</script><script>alert(1)") {
		t.Errorf("the detail does not show what was written: %q", made.Detail)
	}
	c.quiet()
}
