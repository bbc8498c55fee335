/// A certificate with its key, and a key that is not its, in PEM that is indented by four spaces for YAML.
///
/// Made for tests; nobody trusts them.
package enum TestCertificate {
  package static let certificate = """
        -----BEGIN CERTIFICATE-----
        MIIBsDCCAVagAwIBAgIUCNN8x/ia3LCtFro5sYZUwUqVtuIwCgYIKoZIzj0EAwIw
        HTEbMBkGA1UEAwwSc2VjdXJlLmV4YW1wbGUuY29tMCAXDTI2MTEyNTE3MTY1NVoY
        DzIxMjYxMTAxMTcxNjU1WjAdMRswGQYDVQQDDBJzZWN1cmUuZXhhbXBsZS5jb20w
        WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASreEfp30XNZGmW0+wKF42eARTAQNZw
        gCvYISRVaarTRMgdcWGZXafMNDbPn1a7MLS5+GyO2mDDkP+/yTfQgUpFo3IwcDAd
        BgNVHQ4EFgQUUXK++n05nernab+h8R77YWqEMZMwHwYDVR0jBBgwFoAUUXK++n05
        nernab+h8R77YWqEMZMwDwYDVR0TAQH/BAUwAwEB/zAdBgNVHREEFjAUghJzZWN1
        cmUuZXhhbXBsZS5jb20wCgYIKoZIzj0EAwIDSAAwRQIgIHE0vBvPmeCApi1himLg
        msE0lTaD1bDRKOOc1CX/9/ICIQDpo9zbNZBRo3bj/inyOHouUeT83Ceyz/lBoUXe
        9deqJg==
        -----END CERTIFICATE-----
    """
  package static let privateKey = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgjEz4ERmwvvhBq6du
        JUj6ODK/Rcr4X839JuOMYzkFLSKhRANCAASreEfp30XNZGmW0+wKF42eARTAQNZw
        gCvYISRVaarTRMgdcWGZXafMNDbPn1a7MLS5+GyO2mDDkP+/yTfQgUpF
        -----END PRIVATE KEY-----
    """
  package static let otherKey = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgqAZgWA9NvQHXKqDW
        ibI/soqJ/1PY1By4EvYkfuHzocuhRANCAASn5/pBUM3loMOs7dsDoySbFJSALmZD
        a6u9/y7j1/6RNiBmkn5bM/cKhr8wl/pjARCBZZVx83j4xNuj9a4kTAg4
        -----END PRIVATE KEY-----
    """
}
