package cloud

import "testing"

func TestAnIdentityIsTheAccountThatItCertainlyIs(t *testing.T) {
	const api = "api@pay.iam.gserviceaccount.com"
	for read, want := range map[string]Identity{
		"":                                    {Knowledge: Unset},
		api:                                   {Knowledge: Known, Email: api},
		" " + api + "\n":                      {Knowledge: Known, Email: api},
		"API@Pay.iam.gserviceaccount.com":     {Knowledge: Known, Email: api},
		"projects/-/serviceAccounts/" + api:   {Knowledge: Known, Email: api},
		"projects/pay/serviceAccounts/" + api: {Knowledge: Known, Email: api},
		"264172533001@cloudbuild.gserviceaccount.com": {Knowledge: Known, Email: "264172533001@cloudbuild.gserviceaccount.com"},
		"104785126512345678901":                       {Email: "104785126512345678901"},
		"projects/-/serviceAccounts/1047851265":       {Email: "projects/-/serviceAccounts/1047851265"},
		"default":                                     {Email: "default"},
		"  ":                                          {Email: "  "},
		"@pay.iam.gserviceaccount.com":                {Email: "@pay.iam.gserviceaccount.com"},
		"api@pay":                                     {Email: "api@pay"},
		"a b@pay.iam.gserviceaccount.com":             {Email: "a b@pay.iam.gserviceaccount.com"},
		api + "@" + api:                               {Email: api + "@" + api},
	} {
		got := KnownIdentity(read)
		if got != want {
			t.Errorf("%q is read as %+v, want %+v", read, got, want)
		}
		if (got.Unreadable() != "") != (want.Knowledge == Unknown) || got.IsDefault() != (read == "") {
			t.Errorf("%q: unreadable %q, default %v", read, got.Unreadable(), got.IsDefault())
		}
	}
}
