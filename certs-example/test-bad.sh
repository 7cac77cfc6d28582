# Certificates that every part must refuse, for tests. Sourced by make.sh; writes DIR/bad/.

make_bad() {
  local bad=$pki/bad uri=spiffe://$trust_domain/agency/police.derbys san
  san="DNS:localhost, IP:127.0.0.1, URI:$uri/agent/one"
  mkdir -p "$bad"
  # Out of its time. Only issued once: an expired one never gets valid again.
  [ -s "$bad/expired.pem" ] || issue "$ca" agent "$bad/expired" "expired agent" "$san" chain 20200101000000Z 20200201000000Z
  [ -s "$bad/not-yet-valid.pem" ] ||
    issue "$ca" agent "$bad/not-yet-valid" "early agent" "$san" chain 20900101000000Z 20900201000000Z
  # Right names, another authority.
  new_authority "$bad/other-ca"
  issue "$bad/other-ca" agent "$bad/wrong-ca" "police.derbys agent" "$san" chain
  issue "$bad/other-ca" server "$bad/wrong-ca-broker" "Derwent broker one" \
    "DNS:localhost, IP:127.0.0.1, URI:spiffe://$trust_domain/broker/one" chain
  write_crl "$bad/other-ca" "$bad/wrong-ca-crl.pem"
  # Names that are not ours, not there, or not one.
  issue "$ca" agent "$bad/other-domain" "agent of another domain" "URI:spiffe://other.example/agency/police.derbys/agent/one" chain
  issue "$ca" agent "$bad/no-uri" "agent without a name" "DNS:localhost" chain
  issue "$ca" agent "$bad/two-uris" "agent of two agencies" "URI:$uri/agent/one, URI:spiffe://$trust_domain/agency/dfrs/agent/one" chain
  issue "$ca" agent "$bad/not-spiffe" "agent with a web address" "URI:https://localhost/agency/police.derbys/agent/one" chain
  issue "$ca" agent "$bad/unknown-agency" "agent of nobody" "URI:spiffe://$trust_domain/agency/nobody/agent/one" chain
  issue "$ca" client "$bad/unknown-person" "p-000000" "URI:$uri/person/p-000000" chain
  issue "$ca" server "$bad/false-broker" "agent that plays broker" "DNS:localhost, IP:127.0.0.1, URI:$uri/agent/one" chain
  # A key of another kind.
  [ -s "$bad/rsa.key" ] || openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$bad/rsa.key" 2>/dev/null
  issue "$ca" agent "$bad/rsa" "agent with an RSA key" "$san" chain
  # Signed by itself.
  if [ ! -s "$bad/self-signed.pem" ]; then
    new_key "$bad/self-signed.key"
    openssl req -x509 -new -key "$bad/self-signed.key" -sha256 -days 90 -config "$ca/openssl.cnf" \
      -subj "/CN=self signed" -addext "subjectAltName=$san" -out "$bad/self-signed.pem" 2>/dev/null ||
      SAN=$san openssl req -x509 -new -key "$bad/self-signed.key" -sha256 -days 90 -config "$ca/openssl.cnf" \
        -extensions agent -subj "/CN=self signed" -out "$bad/self-signed.pem"
  fi
  # Revoked, but only on bad/revoked-crl.pem: the good list stays empty.
  issue "$ca" agent "$bad/revoked" "revoked agent" "$san" chain
  write_revoked_crl "$bad"
}

# A list that names bad/revoked.pem, signed by the good authority, made on a copy of its index.
write_revoked_crl() {
  local bad=$1 copy=$1/.ca-copy
  rm -rf "$copy"
  cp -r "$ca" "$copy"
  (cd "$copy" && SAN=unused openssl ca -config openssl.cnf -revoke "$bad/revoked.pem" 2>/dev/null)
  write_crl "$copy" "$bad/revoked-crl.pem"
  rm -rf "$copy"
}
