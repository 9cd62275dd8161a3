package directory_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rescind-dev/rescind/internal/google/directory"
	"github.com/rescind-dev/rescind/remediate/authority"
)

// identities is a Cloud Identity API with one group, groups/g1.
type identities struct {
	transitive map[string]bool // members, direct and not
	status     int             // what checkTransitiveMembership answers; 0 for 200
	direct     []string        // members by pages of one; "group:…" for a group inside
	listStatus int
	queries    []string
}

func (i *identities) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	write := func(v any) { _ = json.NewEncoder(w).Encode(v) }
	fail := func(code int) {
		w.WriteHeader(code)
		fmt.Fprintf(w, `{"error":{"code":%d,"message":"secret detail"}}`, code)
	}
	switch r.URL.Path {
	case "/v1/groups:lookup":
		if r.URL.Query().Get("groupKey.id") != "oncall@example.com" {
			fail(http.StatusForbidden) // as for a group that does not exist
			return
		}
		write(map[string]string{"name": "groups/g1"})
	case "/v1/groups/g1/memberships:checkTransitiveMembership":
		i.queries = append(i.queries, r.URL.Query().Get("query"))
		if i.status != 0 {
			fail(i.status)
			return
		}
		mail := strings.TrimSuffix(strings.TrimPrefix(r.URL.Query().Get("query"), "member_key_id == '"), "'")
		write(map[string]bool{"hasMembership": i.transitive[mail]})
	case "/v1/groups/g1/memberships":
		if i.listStatus != 0 {
			fail(i.listStatus)
			return
		}
		i.page(r.URL.Query().Get("pageToken"), write)
	default:
		fail(http.StatusNotFound)
	}
}

func (i *identities) page(token string, write func(any)) {
	n := len(token)
	if n >= len(i.direct) {
		write(map[string]any{})
		return
	}
	id, kind := i.direct[n], "USER"
	if g, ok := strings.CutPrefix(id, "group:"); ok {
		id, kind = g, "GROUP"
	}
	write(map[string]any{
		"memberships":   []any{map[string]any{"preferredMemberKey": map[string]string{"id": id}, "type": kind}},
		"nextPageToken": token + "x",
	})
}

func TestS6MembershipOfAGoogleGroup(t *testing.T) {
	for _, tt := range []struct {
		name      string
		api       identities
		principal string
		group     string
		want      authority.Standing
		says      string
	}{
		{name: "a member, through whatever group", api: identities{transitive: map[string]bool{"ada@example.com": true}}, want: authority.Approver, says: "a member"},
		{name: "no member", want: authority.NoApprover, says: "not a member"},
		{name: "another kind of principal", principal: "principal://iam.googleapis.com/x/subject/ada@example.com", want: authority.NoApprover},
		{name: "a group that cannot be seen", group: "gone@example.com", says: "HTTP 403"},
		{name: "an API that fails", api: identities{status: 503}, says: "HTTP 503"},
		{name: "without the edition, a direct member on a later page", api: identities{status: 403, direct: []string{"bob@example.com", "Ada@example.com"}}, want: authority.Approver, says: "a direct member"},
		{name: "without the edition, no direct member", api: identities{status: 403, direct: []string{"bob@example.com"}}, want: authority.NoApprover, says: "direct members only"},
		{name: "without the edition, groups inside the group", api: identities{status: 403, direct: []string{"bob@example.com", "group:sre@example.com"}}, says: "cannot be looked up with this edition"},
		{name: "without the edition, a member beside a group inside", api: identities{status: 403, direct: []string{"group:sre@example.com", "ada@example.com"}}, want: authority.Approver},
		{name: "without the right to list", api: identities{status: 403, listStatus: 403}, says: "HTTP 403"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := httptest.NewServer(&tt.api)
			defer srv.Close()
			if tt.principal == "" {
				tt.principal = "user:ada@example.com"
			}
			if tt.group == "" {
				tt.group = "oncall@example.com"
			}
			g, err := directory.New(t.Context(), directory.Options{Emails: []string{tt.group}, Endpoint: srv.URL, Insecure: true})
			if err != nil {
				t.Fatal(err)
			}
			m, err := g.Approver(t.Context(), tt.principal, true)
			if err != nil || m.Standing != tt.want || !strings.Contains(fmt.Sprint(m.Evidence), tt.says) {
				t.Errorf("%q, %v, %v; want %q, saying %q", m.Standing, m.Evidence, err, tt.want, tt.says)
			}
			if strings.Contains(fmt.Sprint(m.Evidence), "secret detail") {
				t.Error("the evidence quotes an answer's body")
			}
		})
	}
}

func TestAnAddressIsOneTextInTheQuery(t *testing.T) {
	api := &identities{}
	srv := httptest.NewServer(api)
	defer srv.Close()
	g, err := directory.New(t.Context(), directory.Options{Emails: []string{"oncall@example.com"}, Endpoint: strings.TrimPrefix(srv.URL, "http://"), Insecure: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.Approver(t.Context(), `user:o' || true || '\@example.com`, true); err != nil {
		t.Fatal(err)
	}
	if want := `member_key_id == 'o\' || true || \'\\@example.com'`; len(api.queries) != 1 || api.queries[0] != want {
		t.Errorf("asked %q, want %q", api.queries, want)
	}
}

func TestInsecureGroupsAreOnThisMachineOrNowhere(t *testing.T) {
	if _, err := directory.New(t.Context(), directory.Options{Endpoint: "http://cloudidentity.googleapis.com", Insecure: true}); err == nil {
		t.Error("credentials are left out, and Google is asked")
	}
	g, err := directory.New(t.Context(), directory.Options{Emails: []string{"oncall@example.com"}, Insecure: true})
	if err != nil {
		t.Fatal(err)
	}
	if m, err := g.Approver(t.Context(), "user:ada@example.com", true); err != nil || m.Standing != authority.Undetermined {
		t.Errorf("with no endpoint: %+v, %v; want undetermined", m, err)
	}
}

func TestTheServiceAccountsInAGroupAreListedUnlessOthersMayBeInIt(t *testing.T) {
	worker := "Worker@pay.iam.gserviceaccount.com"
	for name, tt := range map[string]struct {
		api   identities
		group string
		want  int
		says  string
	}{
		"some":                      {api: identities{direct: []string{"ada@example.com", worker}}, want: 1},
		"none":                      {api: identities{direct: []string{"ada@example.com"}}},
		"a group in it":             {api: identities{direct: []string{worker, "group:sre@example.com"}}, want: 1, says: "sre@example.com, which is in the group"},
		"no right to list":          {api: identities{listStatus: 403}, says: "could not be read: Cloud Identity answered HTTP 403"},
		"a group that nobody shows": {group: "gone@example.com", says: "could not be read"},
	} {
		srv := httptest.NewServer(&tt.api)
		g, err := directory.New(t.Context(), directory.Options{Endpoint: srv.URL, Insecure: true})
		if err != nil {
			t.Fatal(err)
		}
		got, err := g.ServiceAccounts(t.Context(), cmp.Or(tt.group, "oncall@example.com"))
		srv.Close()
		if len(got) != tt.want || tt.want > 0 && got[0] != strings.ToLower(worker) {
			t.Errorf("%s: %v", name, got)
		}
		if (err == nil) != (tt.says == "") || err != nil && !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
