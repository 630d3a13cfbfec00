// Gets certificates with lego's library, one after the other, and prints what each took: for the benchmark beside
// acme-edge, and for tests of the local CA with a client that is not ours. One JSON object a line on standard output.
package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"strings"
	"time"

	"github.com/go-acme/lego/v4/certcrypto"
	"github.com/go-acme/lego/v4/certificate"
	"github.com/go-acme/lego/v4/challenge/http01"
	"github.com/go-acme/lego/v4/lego"
	legolog "github.com/go-acme/lego/v4/log"
	"github.com/go-acme/lego/v4/registration"
)

var (
	server   = flag.String("server", "", "URL of the ACME directory; its root is that of LEGO_CA_CERTIFICATES")
	listen   = flag.String("http", "", "address where challenges are answered")
	keyFile  = flag.String("key", "", "file of the account's key; made when it is not there")
	profile  = flag.String("profile", "", "profile of the orders")
	replaces = flag.Bool("renew", false, "get each certificate twice, the second one by ARI, which replaces the first")
	revoke   = flag.Bool("revoke", false, "revoke each certificate, for reason 4")
	eabKid   = flag.String("eab-kid", "", "kid of the external account binding, its key is in EAB_HMAC")
)

type account struct {
	key          crypto.PrivateKey
	registration *registration.Resource
}

func (a *account) GetEmail() string                        { return "" }
func (a *account) GetRegistration() *registration.Resource { return a.registration }
func (a *account) GetPrivateKey() crypto.PrivateKey        { return a.key }

type line struct {
	Names  []string `json:"names"`
	Ms     float64  `json:"ms"`
	Pem    string   `json:"pem"`
	Window []string `json:"window,omitempty"`
}

// Arguments are certificates, each its names with commas between them.
func main() {
	flag.Parse()
	legolog.Logger = log.New(io.Discard, "", 0)
	user := &account{key: loadKey()}
	client := newClient(user)
	user.registration = must(register(client))
	for _, argument := range flag.Args() {
		names := strings.Split(argument, ",")
		first := obtain(client, names, "")
		if *replaces {
			leaf := parseLeaf(first.Pem)
			info := must(client.Certificate.GetRenewalInfo(certificate.RenewalInfoRequest{Cert: leaf}))
			first = obtain(client, names, must(certificate.MakeARICertID(leaf)))
			first.Window = []string{info.SuggestedWindow.Start.Format(time.RFC3339), info.SuggestedWindow.End.Format(time.RFC3339)}
		}
		if *revoke {
			reason := uint(4)
			check(client.Certificate.RevokeWithReason([]byte(first.Pem), &reason))
		}
		fmt.Println(string(must(json.Marshal(first))))
	}
}

func newClient(user *account) *lego.Client {
	config := lego.NewConfig(user)
	config.CADirURL = *server
	config.Certificate.KeyType = certcrypto.EC256
	// lego waits between requests so as not to meet a public CA's limits; there are none here.
	config.Certificate.OverallRequestLimit = 10_000
	client := must(lego.NewClient(config))
	host, port, err := net.SplitHostPort(*listen)
	check(err)
	check(client.Challenge.SetHTTP01Provider(http01.NewProviderServer(host, port)))
	return client
}

func register(client *lego.Client) (*registration.Resource, error) {
	if found, err := client.Registration.ResolveAccountByKey(); err == nil {
		return found, nil
	}
	if *eabKid != "" {
		options := registration.RegisterEABOptions{TermsOfServiceAgreed: true, Kid: *eabKid, HmacEncoded: os.Getenv("EAB_HMAC")}
		return client.Registration.RegisterWithExternalAccountBinding(options)
	}
	return client.Registration.Register(registration.RegisterOptions{TermsOfServiceAgreed: true})
}

func obtain(client *lego.Client, names []string, replaced string) line {
	start := time.Now()
	request := certificate.ObtainRequest{Domains: names, Bundle: true, Profile: *profile, ReplacesCertID: replaced}
	resource := must(client.Certificate.Obtain(request))
	ms := float64(time.Since(start).Microseconds()) / 1000
	return line{Names: names, Ms: ms, Pem: string(resource.Certificate)}
}

func parseLeaf(chain string) *x509.Certificate {
	block, _ := pem.Decode([]byte(chain))
	return must(x509.ParseCertificate(block.Bytes))
}

func loadKey() crypto.PrivateKey {
	if bytes, err := os.ReadFile(*keyFile); err == nil {
		return must(certcrypto.ParsePEMPrivateKey(bytes))
	}
	key := must(certcrypto.GeneratePrivateKey(certcrypto.EC256))
	if *keyFile != "" {
		check(os.WriteFile(*keyFile, certcrypto.PEMEncode(key.(*ecdsa.PrivateKey)), 0o600))
	}
	return key
}

func must[T any](value T, err error) T {
	check(err)
	return value
}

func check(err error) {
	if err == nil {
		return
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
