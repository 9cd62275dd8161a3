package desk_test

import (
	"testing"
	"time"

	"github.com/rescind-dev/rescind/remediate/desk"
	"github.com/rescind-dev/rescind/remediate/finding"
)

func TestOnCallIsPagedOnceInAQuarterOfAnHourAboutWhatIsOpen(t *testing.T) {
	o := newOffice(t)
	o.asked("f1")
	f, err := o.Page(t.Context(), "f1", eve, "slack")
	if err != nil || !f.Owes(finding.PageBy("pagerduty")) || f.Why != "on-call paged by "+eve+" (slack)" {
		t.Errorf("it owes %v (%s): %v", f.Outbox, f.Why, err)
	}
	o.now = o.now.Add(finding.PageEvery - 1)
	_, err = o.Page(t.Context(), "f1", ada, "slack")
	o.wantRefused(err, finding.ClassInvalid, "on-call was paged at")
	o.now = o.now.Add(1)
	if _, err = o.Page(t.Context(), "f1", ada, "slack"); err != nil {
		t.Errorf("a quarter of an hour later: %v", err)
	}
	o.asked("ended", func(f *finding.Finding) { *f = f.Kept(finding.Answer{Principal: ada, At: o.now}) })
	_, err = o.Page(t.Context(), "ended", ada, "slack")
	o.wantRefused(err, finding.ClassInvalid, "the finding is kept")
	alone := newOffice(t, func(d *desk.Desk) { d.OnCall = nil })
	alone.asked("f1")
	_, err = alone.Page(t.Context(), "f1", ada, "slack")
	o.wantRefused(err, finding.ClassInvalid, "nobody is configured to be on call")
}

func TestAPageThatNobodyWorksOnIsDueAtOnceButForWhoeverApplies(t *testing.T) {
	o := newOffice(t, func(d *desk.Desk) { d.HandOver = true })
	o.asked("f1")
	o.now = o.now.Add(time.Minute)
	if f, err := o.Page(t.Context(), "f1", ada, "cli"); err != nil || !f.DueAt.Equal(o.now) {
		t.Errorf("due at %s, %v; want now", f.DueAt, err)
	}
	o.asked("applying", func(f *finding.Finding) {
		*f = f.Approved(finding.Answer{Choice: finding.ChooseRevert, Principal: ada, At: o.now}).Claimed(o.now, nil)
	})
	if f, err := o.Page(t.Context(), "applying", ada, "cli"); err != nil || !f.DueAt.After(o.now) {
		t.Errorf("its lease ends at %s: %v", f.DueAt, err)
	}
}
