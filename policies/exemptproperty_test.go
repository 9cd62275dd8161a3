package policies

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// stated is one generated exemption.
type stated struct {
	service        string
	members, roles []string
	expires        time.Time
}

func (x stated) line() string {
	s := "{resource: run.googleapis.com/projects/pay/locations/*/services/" + x.service + ", owner: o, reason: r, expires: " + x.expires.Format(time.DateOnly)
	if x.members != nil {
		s += ", members: ['" + strings.Join(x.members, "', '") + "']"
	}
	if x.roles != nil {
		s += ", roles: [" + strings.Join(x.roles, ", ") + "]"
	}
	return s + "}"
}

// takesOut says, in other words than the package, whether the exemption takes
// the grant to a service called api out of the finding.
func (x stated) takesOut(g cloud.Grant, now time.Time) bool {
	return x.service != "apis" && x.expires.After(now) &&
		(x.members == nil || slices.Contains(x.members, string(g.Member))) && (x.roles == nil || slices.Contains(x.roles, g.Role))
}

var exemptible = []cloud.Grant{public, anyone, custom, private, {Role: "roles/run.admin", Member: "allUsers"}}

// exemptionsAround makes up some that end on the day, the one before or the
// one after, and mostly cover something.
func exemptionsAround(rnd *rand.Rand, day time.Time) []stated {
	out := make([]stated, rnd.IntN(5))
	for i := range out {
		x := stated{service: []string{"api", "a*", "*", "apis"}[rnd.IntN(4)], expires: day.AddDate(0, 0, rnd.IntN(3)-1)}
		if rnd.IntN(3) > 0 {
			x.members = []string{string(exemptible[rnd.IntN(len(exemptible))].Member), "user:none@example.com"}[:1+rnd.IntN(2)]
		}
		if rnd.IntN(2) == 0 {
			x.roles = []string{exemptible[rnd.IntN(len(exemptible))].Role}
		}
		out[i] = x
	}
	return out
}

// leftOf is what the exemptions should leave of a change of exemptible grants.
func leftOf(c cloud.Change, all []stated, now time.Time) (Verdict, []cloud.Grant) {
	var violating, left []cloud.Grant
	for _, g := range c.Added() {
		if !g.Member.Public() {
			continue
		}
		violating = append(violating, g)
		if !slices.ContainsFunc(all, func(x stated) bool { return x.takesOut(g, now) }) {
			left = append(left, g)
		}
	}
	switch {
	case len(violating) == 0:
		return Compliant, nil
	case len(left) == 0:
		return Exempt, violating
	}
	return Violation, left
}

// What exemptions leave of a finding is exactly the grants that none of those
// in force names; neither their order nor the time zone of the clock matters.
func TestAFindingIsWhatItsExemptionsLeaveOfIt(t *testing.T) {
	rnd := rand.New(rand.NewPCG(23, 24))
	day := time.Date(2027, 3, 31, 0, 0, 0, 0, time.UTC)
	seen := map[Verdict]int{}
	for range 400 {
		offset := []time.Duration{-48 * time.Hour, -time.Nanosecond, 0, time.Nanosecond}[rnd.IntN(4)]
		now := day.Add(offset).In(time.FixedZone("far", 3600*(rnd.IntN(26)-12)))
		all := exemptionsAround(rnd, day)
		in := Input{Change: setPolicy(pick(rnd, exemptible)...), Facts: Facts{callerInvokes: {Known: true, Value: true}}, Now: now}
		want, blamed := leftOf(in.Change, all, now)
		for range 2 {
			got := exempted(t, all, in)
			if got.Verdict != want || !slices.Equal(got.Grants, blamed) {
				t.Fatalf("at %s with %+v:\n%q by %v\nwant %q by %v", now, all, got.Verdict, got.Grants, want, blamed)
			}
			rnd.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		}
		seen[want]++
	}
	if seen[Violation] < 80 || seen[Exempt] < 80 {
		t.Errorf("verdicts %v, which says little", seen)
	}
}

// exempted judges by a policy of public invokers with these exemptions.
func exempted(t *testing.T, all []stated, in Input) Result {
	t.Helper()
	var lines []string
	for _, x := range all {
		lines = append(lines, x.line())
	}
	return verdict(load(t, one(publicOrCustom, "exemptions: ["+strings.Join(lines, ", ")+"]")), "mine", in)
}

// A violation that no single grant is to blame for is not ended by an exemption
// that names grants: it would be one for the rest of the change as well.
func TestANarrowedExemptionLeavesAViolationOfTheWhole(t *testing.T) {
	toEverybody := stated{service: "api", members: []string{"allUsers", "allAuthenticatedUsers"}, expires: noon.AddDate(1, 0, 0)}
	for _, when := range []string{`resource.location == "europe-west1"`, `change.added.size() > 1`, `!change.added.exists(g, g.member.email == "ada@example.com")`} {
		s := load(t, one(when, "exemptions: ["+toEverybody.line()+"]"))
		r := verdict(s, "mine", Input{Change: setPolicy(public, anyone)})
		if r.Verdict != Violation || r.Exemption != nil {
			t.Errorf("%s: %q by %v", when, r.Verdict, r.Exemption)
		}
	}
}
