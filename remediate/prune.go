package remediate

import "context"

// pruneBatch bounds what one sweep forgets; it is more than comes in between
// two sweeps.
const pruneBatch = 500

// prune has a store forget what was kept long enough, if it has to be told.
func (r *Remediator) prune(ctx context.Context) error {
	if p, ok := r.cfg.Store.(Pruner); ok {
		n, err := p.Prune(ctx, r.cfg.Now(), pruneBatch)
		if err != nil {
			return err
		}
		if n > 0 {
			r.cfg.Log.InfoContext(ctx, "forgot what was kept long enough", "records", n)
		}
	}
	return nil
}
