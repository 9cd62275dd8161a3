package functions

import "net/http"

// onlyPOST answers any other method 405.
func onlyPOST(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			w.Header().Set("Allow", http.MethodPost)
			http.Error(w, "want POST", http.StatusMethodNotAllowed)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// comeAgain answers 503. Pub/Sub waits as its retry policy says; others are
// asked to wait ten seconds.
func comeAgain(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "10")
	http.Error(w, "come again", http.StatusServiceUnavailable)
}
