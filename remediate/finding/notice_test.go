package finding

import (
	"slices"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate/state"
	"github.com/rescind-dev/rescind/remediate/trail"
)

func TestANoticeIsOwedAgainWhereThereIsMoreToSee(t *testing.T) {
	now := time.Date(2026, 11, 20, 3, 0, 0, 0, time.UTC)
	card := Surface{Kind: "slack", Channel: "C01", ID: "1.1", Rendered: 4}
	shown := Finding{
		ID: "f", State: state.Reverted, Revision: 5, Outbox: []Effect{Notify}, EndedAt: now,
		Timeline: []trail.Event{{State: state.Pending}, {State: state.Reverted}}, Actors: []cloud.Actor{{Principal: "user:jo@example.com"}}, Surfaces: []Surface{card},
	}
	tests := []struct {
		name    string
		between func(*Finding)
		want    bool
	}{
		{"nobody wrote in between", func(*Finding) {}, false},
		{"another process found this one at it, and wrote when to come again", func(f *Finding) { f.Revision++; f.DueAt = now.Add(time.Second) }, false},
		{"something happened", func(f *Finding) {
			f.Revision++
			f.Timeline = append(slices.Clip(f.Timeline), trail.Event{State: state.Reverted})
		}, true},
		{"it was undone", func(f *Finding) { f.Revision++; f.UndoneBy = "g" }, true},
		{"one more made the same change", func(f *Finding) {
			f.Revision++
			f.Actors = append(slices.Clip(f.Actors), cloud.Actor{Principal: "user:al@example.com"})
		}, true},
		{"somebody saw a message that nobody knew of", func(f *Finding) {
			f.Revision++
			f.Surfaces = append(slices.Clip(f.Surfaces), Surface{Kind: "slack", Channel: "C01", ID: "2.2"})
		}, true},
		{"somebody saw the message show something older", func(f *Finding) {
			f.Revision++
			f.Surfaces = slices.Clone(f.Surfaces)
			f.Surfaces[0].Rendered = 0
		}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			stored := shown
			tt.between(&stored)
			drawn := card
			drawn.Rendered = shown.Revision
			got := stored.Notified(Notice{Surfaces: []Surface{drawn}}, shown, nil, now)
			if got.Owes(Notify) != tt.want {
				t.Errorf("it owes %v", got.Outbox)
			}
		})
	}
}

func TestACardThatShowsAllThereIsIsCurrentAfterANoticeThatFailed(t *testing.T) {
	f := in(state.Reverted)
	f.Revision = 5
	here, there := Surface{Kind: "slack", Channel: "C01", ID: "1.1", Rendered: 5}, Surface{Kind: "slack", Channel: "C02", ID: "2.2", Rendered: 3}
	failed := func(stored Finding) []Surface {
		return stored.Notified(Notice{Surfaces: []Surface{here, there}}, f, errDown, noon).Surfaces
	}
	if got := failed(f); got[0].Rendered != 6 || got[1].Rendered != 3 {
		t.Errorf("drawn at revisions %d and %d, want the one of the write that says so, and the old one", got[0].Rendered, got[1].Rendered)
	}
	between := f
	between.Revision++
	if got := failed(between); got[0].Rendered != 5 || got[1].Rendered != 3 {
		t.Errorf("after another writer: drawn at revisions %d and %d, want them as they are", got[0].Rendered, got[1].Rendered)
	}
}
