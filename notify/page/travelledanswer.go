package page

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"github.com/rescind-dev/rescind/remediate/desk"
	"github.com/rescind-dev/rescind/remediate/finding"
)

// TakerConfig is what a Taker needs.
type TakerConfig struct {
	Gate          Gate
	Answers       Answerer
	Once          Once          // has each answer count once
	RecordRefusal RecordRefusal // of what is refused before it comes to Answers; nil: the log alone
	Log           *slog.Logger
}

// Taker carries out the answers that pages elsewhere sent.
type Taker struct{ cfg TakerConfig }

// NewTaker returns a Taker, or an error that says all that the config lacks.
func NewTaker(c TakerConfig) (*Taker, error) {
	err := lacking(
		need{c.Gate == nil, "nothing says who an answer is from"},
		need{c.Answers == nil || c.Once == nil, "no desk for the answers that travelled"},
		need{c.Log == nil, "no logger"},
	)
	if err != nil {
		return nil, err
	}
	return &Taker{c}, nil
}

// Take verifies once more who an answer is from, by when it was published, and
// records it. It returns nil when there is no more to do with it, also where it
// was refused, which it logs; an error means that it must come again. The same
// answer a second time changes nothing. What was signed more than an hour ago is
// refused.
//
// IAP signs who came, and not what they sent: whoever may publish and saw an
// assertion within its ten minutes can answer as that person, and as no other.
func (t *Taker) Take(ctx context.Context, s desk.Signed) error {
	h := http.Header{}
	for name, value := range s.Header {
		h.Add(name, value) // of two spellings of a name the gate sees both
	}
	v, err := t.cfg.Gate(ctx, h, s.At)
	switch {
	case errors.Is(err, ErrStranger):
		t.cfg.Log.WarnContext(ctx, "answer dropped", "path", s.Path, "error", err)
		return nil
	case err != nil:
		return fmt.Errorf("verify who an answer is from: %w", err)
	}
	_, _, err = t.cfg.Once(ctx, request(v, s.Path, s.Body), func(ctx context.Context) (string, error) { return "", t.take(ctx, v, s) })
	if finding.ClassOf(err) != finding.ClassLate {
		return err
	}
	late := finding.ReasonOf(err)
	t.cfg.Log.WarnContext(ctx, "answer refused", "path", s.Path, "by", v.Principal, "class", string(finding.ClassLate), "why", late)
	t.recordRefusal(ctx, "", finding.Answer{Choice: "form", Principal: v.Principal, Via: "iap:" + v.Subject}, string(finding.ClassLate), late)
	return nil
}

// request is what tells an answer from others: IAP signs who it is from, and the
// rest is as it was sent.
func request(v Visitor, path string, body []byte) desk.Request {
	return desk.RequestOf(v.SignedAt, desk.SignedByIAP, v.Signed, path, string(body))
}

// take does what an answer says that is taken for the first time.
func (t *Taker) take(ctx context.Context, v Visitor, s desk.Signed) error {
	if t.takeRefusal(ctx, v, s) {
		return nil
	}
	id, ok := strings.CutPrefix(s.Path, "/findings/")
	d, err := readForm(s.Body)
	if !ok || !findingID.MatchString(id) || s.Kind != desk.SignedByIAP || err != nil {
		t.cfg.Log.WarnContext(ctx, "answer dropped", "by", v.Principal, "error", errForm)
		t.recordRefusal(ctx, "", finding.Answer{Choice: "form", Principal: v.Principal, Via: "iap:" + v.Subject}, string(finding.ClassInvalid), errForm.Error())
		return nil //nolint:nilerr // what cannot be read now never can be
	}
	_, err = t.cfg.Answers.Answer(ctx, id, d.answer(v, v.SignedAt))
	var refused *finding.RefusedError
	if errors.As(err, &refused) && refused.Class != finding.ClassUndetermined { // what could not be looked up may be later
		t.cfg.Log.InfoContext(ctx, "answer refused", "finding", id, "by", v.Principal, "answer", string(d.Choice), "class", string(refused.Class), "why", refused.Why)
		return nil
	}
	return err
}
