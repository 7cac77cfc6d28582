# Shared by make.sh and revoke.sh: issues certificates with the openssl command line. Sourced, not run.
# Callers set `pki` to the absolute path of the example PKI; all functions work inside it, so a path with a
# space never reaches an openssl configuration file.

trust_domain=${DERWENT_TRUST_DOMAIN:-derwent.example}
leaf_days=90

# write_config FILE: the issuing CA's configuration. Paths are relative to ca/.
write_config() {
  cat >"$1" <<'CONFIG'
[ca]
default_ca = issuing
[issuing]
database = index.txt
new_certs_dir = issued
rand_serial = yes
crlnumber = crlnumber
certificate = issuing.pem
private_key = issuing.key
default_md = sha256
default_days = 90
default_crl_days = 30
unique_subject = no
copy_extensions = none
policy = names
[names]
organizationName = optional
commonName = supplied
[request]
prompt = no
distinguished_name = nobody
[nobody]
commonName = replaced
[root_authority]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[issuing_authority]
basicConstraints = critical, CA:true, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[server]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = ${ENV::SAN}
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[agent]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth, clientAuth
subjectAltName = ${ENV::SAN}
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[client]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
subjectAltName = ${ENV::SAN}
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[signing]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
subjectAltName = ${ENV::SAN}
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[sealing]
basicConstraints = critical, CA:false
keyUsage = critical, keyAgreement
subjectAltName = ${ENV::SAN}
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
CONFIG
}

# new_key FILE: a P-256 private key, PKCS#8 PEM, mode 0600, unless there is one.
new_key() {
  [ -s "$1" ] || openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1" 2>/dev/null
}

# new_authority DIR: a root and an issuing CA with an empty index, in DIR.
new_authority() {
  mkdir -p "$1/issued"
  (
    cd "$1" || exit 1
    export SAN=unused
    write_config openssl.cnf
    [ -e index.txt ] || : >index.txt
    [ -e index.txt.attr ] || echo 'unique_subject = no' >index.txt.attr
    [ -e crlnumber ] || echo 1000 >crlnumber
    if ! openssl x509 -in root.pem -checkend 86400 -noout >/dev/null 2>&1; then
      new_key root.key
      openssl req -x509 -new -key root.key -sha256 -days 3650 -config openssl.cnf -extensions root_authority \
        -subj "/O=Derwent example/CN=Derwent example root" -out root.pem
    fi
    if ! openssl x509 -in issuing.pem -checkend 86400 -noout >/dev/null 2>&1; then
      new_key issuing.key
      openssl req -new -key issuing.key -config openssl.cnf -subj "/O=Derwent example/CN=Derwent example issuing" |
        openssl x509 -req -CA root.pem -CAkey root.key -set_serial "0x$(openssl rand -hex 16)" -days 1825 -sha256 \
          -extfile openssl.cnf -extensions issuing_authority -out issuing.pem 2>/dev/null
    fi
  )
}

# issue CA_DIR PROFILE FILE_STEM COMMON_NAME SAN [CHAIN] [START END]: makes FILE_STEM.key and FILE_STEM.pem unless the
# certificate has more than a day left. With CHAIN=chain the issuing certificate follows the leaf.
issue() {
  local ca=$1 profile=$2 stem=$3 name=$4 san=$5 chain=${6:-} start=${7:-} end=${8:-}
  if openssl x509 -in "$stem.pem" -checkend 86400 -noout >/dev/null 2>&1; then return 0; fi
  mkdir -p "$(dirname "$stem")"
  new_key "$stem.key"
  (
    local key csr out
    key=$(realpath "$stem.key")
    out=$(realpath -m "$stem.pem")
    csr=$out.csr
    cd "$ca" || exit 1
    export SAN=$san
    openssl req -new -key "$key" -config openssl.cnf -subj "/O=Derwent example/CN=$name" -out "$csr" &&
      openssl ca -batch -notext -config openssl.cnf -extensions "$profile" -in "$csr" -out "$out.new" \
        ${start:+-startdate "$start" -enddate "$end"} >/dev/null 2>"$csr.log" || {
      cat "$csr.log" >&2
      exit 1
    }
    if [ "$chain" = chain ]; then cat issuing.pem >>"$out.new"; fi
    mv "$out.new" "$out"
    rm -f "$csr" "$csr.log"
  )
}

# write_crl CA_DIR FILE: signs the list of revoked certificates, empty ones too; replaces FILE at once.
write_crl() {
  local out
  out=$(realpath -m "$2")
  (
    cd "$1" || exit 1
    SAN=unused openssl ca -gencrl -config openssl.cnf -out "$out.new" 2>/dev/null && mv "$out.new" "$out"
  )
}

# key_id CERTIFICATE: lowercase hex SHA-256 of its SubjectPublicKeyInfo.
key_id() {
  openssl x509 -in "$1" -noout -pubkey | openssl pkey -pubin -outform DER | openssl dgst -sha256 -r | cut -d' ' -f1
}
