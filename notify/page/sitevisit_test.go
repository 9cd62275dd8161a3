package page_test

import (
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// visit is somebody who has a page open: its forms, and the cookies that came
// with it.
type visit struct {
	s       *site
	who     string
	path    string
	page    *httptest.ResponseRecorder
	cookies []*http.Cookie
}

func (s *site) open(who, path string) *visit {
	s.t.Helper()
	v := &visit{s: s, who: who, path: path, page: s.do(s.request(who, "GET", path, nil))}
	v.cookies = v.page.Result().Cookies()
	if v.page.Code != http.StatusOK {
		s.t.Fatalf("GET %s: %d\n%s", path, v.page.Code, v.page.Body)
	}
	return v
}

func (v *visit) text() string { return html.UnescapeString(v.page.Body.String()) }

// forms are the hidden fields of the page's forms, by their choice.
func (v *visit) forms() map[string]url.Values {
	out := map[string]url.Values{}
	for _, f := range formPattern.FindAllStringSubmatch(v.page.Body.String(), -1) {
		fields := url.Values{}
		for _, i := range inputPattern.FindAllStringSubmatch(f[0], -1) {
			fields.Set(i[1], html.UnescapeString(i[2]))
		}
		out[fields.Get("choice")] = fields
	}
	return out
}

// press sends the form of a choice with what was typed into it, as "name=text".
func (v *visit) press(choice string, typed ...string) *httptest.ResponseRecorder {
	v.s.t.Helper()
	return v.s.do(v.pressed(choice, typed...))
}

func (v *visit) pressed(choice string, typed ...string) *http.Request {
	v.s.t.Helper()
	form, ok := v.forms()[choice]
	if !ok {
		v.s.t.Fatalf("%s has no form for %s:\n%s", v.path, choice, v.page.Body)
	}
	for _, f := range typed {
		name, text, _ := strings.Cut(f, "=")
		form.Set(name, text)
	}
	path, _, _ := strings.Cut(v.path, "?")
	r := v.s.request(v.who, "POST", path, form)
	for _, c := range v.cookies {
		r.AddCookie(c)
	}
	return r
}

func wants(t testing.TB, text string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in:\n%s", want, text)
		}
	}
}

func wantStatus(t testing.TB, w *httptest.ResponseRecorder, want int) {
	t.Helper()
	if w.Code != want {
		t.Fatalf("status %d, want %d:\n%s", w.Code, want, w.Body)
	}
}
