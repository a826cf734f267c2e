# shellcheck shell=bash
# Where scripts/demo keeps keys, by $backend: a software TPM, or a token of SoftHSM and no TPM at all.
# Sourced by it after the stage. Sets $keys_program, $fuse and the words that differ.

# ── a TPM ───────────────────────────────────────────────────────────────────────────────────────

choose_tpm() {
  keys_program=holdfast-keys-tpm fuse=counter chip=TPM
  key_made="the TPM made its key, with a fuse: a counter in the chip that revoking turns, for good"
  key_ended="revoked, and its fuse blown in the TPM"
  it_is_software="this TPM is software, and says so"
  log_says="which agents ran on that host since boot, by a log that the TPM vouches for:"
  start_chip() {
    local group=()
    [ "$dev" = yes ] || group=(--group holdfast-keys)
    scripts/software-tpm start "$work" "${group[@]}" || broke "the software TPM did not start"
  }
  chip_is_there() { held "a software TPM, with the certificate that a chip's maker would give it"; }
  stop_chip() {
    scripts/software-tpm stop "$work" >/dev/null
    [ ! -e "$work/tpm/pid" ] || broke "the software TPM is still there"
  }
  dev_settings() { :; }
  chip_settings() { printf '[tpm]\ntcti = swtpm:path=%s\nsimulator = allow\n' "$work/tpm/sock"; }
  choose_key() { :; }
  enrol_host() {
    title "A verifier gets to know the host: a challenge that only the certified TPM can open"
    scripts/software-tpm roots "$work" >"$work/ek-roots.pem"
    enrol >"$work/enrol.log" 2>&1 || { cat "$work/enrol.log"; broke "enrolling failed"; }
    host_proof=(--ek-roots "$work/ek-roots.pem" --enrolment "$work/enrolment.json")
    held "opened: the key that signs evidence lives in the TPM with that certificate"
  }
}
enrol() {
  hold enroll host --out "$work/host.json" &&
    hold enroll challenge --host "$work/host.json" --ek-roots "$work/ek-roots.pem" \
      --out "$work/challenge.json" --secret "$work/enrol-secret" &&
    hold enroll respond "$work/challenge.json" --out "$work/response.json" &&
    hold enroll finish "$work/response.json" --secret "$work/enrol-secret" --out "$work/enrolment.json"
}

# ── a token ─────────────────────────────────────────────────────────────────────────────────────

choose_softhsm() {
  keys_program=holdfast-keys-pkcs11 fuse=object chip=token
  key_made="the token made its key; a token has no fuse: revoking destroys the key in it"
  key_ended="revoked, and its key destroyed in the token"
  it_is_software="this token is software, and says so; and nothing proves the boot"
  log_says="which agents ran on that host: there is no TPM, so no log that a chip vouches for"
  start_chip() {
    if [ -d "$work/tokens.away" ]; then mv "$work/tokens.away" "$work/tokens"; else make_token; fi
  }
  chip_is_there() { held "a token in SoftHSM, its PIN in a file that the daemon alone reads, and no TPM"; }
  # It is files: out of reach means moved away.
  stop_chip() { [ ! -d "$work/tokens" ] || mv "$work/tokens" "$work/tokens.away"; }
  chip_settings() {
    printf '[tpm]\ntcti = none\n[pkcs11]\nmodule = %s\ntoken = pkcs11:token=demo\npin_file = %s\n' \
      "$(softhsm_module)" "$work/pin"
    printf 'environment = SOFTHSM2_CONF=%s\nsoftware = allow\n' "$work/softhsm2.conf"
  }
  dev_settings() { { printf '[host]\nkeys = pkcs11\n'; chip_settings; } >"$work/holdfastd.conf"; }
  choose_key() { printf '\n[key]\nbackend = "pkcs11:token=demo"\n' >>"$1"; }
  enrol_host() {
    title "What a host without a TPM cannot show, so a verifier here goes without"
    say "enrolling: no chip with a maker's certificate, so only the host's word that it is this host"
    say "the boot:  no quote, so nothing tells which kernel and which programs were started"
    say "launches:  no register, so the ledger tells which agents ran, and no chip vouches for it"
    say "the key:   made in the token, never to leave it, by what the token says of it: no certificate"
    refused "$without_tpm" "enrolling all the same" hold enroll host --out "$work/host.json" --json
    host_proof=() references=() # without a register nothing is compared with what was meant to run
  }
}
without_tpm=no_tpm host_proof=()
# Looked for when it is needed: scripts/setup may have installed it since this file was read. A
# folder that is missing, or closed to us, is no reason to stop.
softhsm_module() { { find /usr/lib /usr/local/lib -name libsofthsm2.so 2>/dev/null || true; } | head -n 1; }
make_token() {
  [ -n "$(softhsm_module)" ] || broke "SoftHSM is not installed (scripts/setup --run)"
  mkdir -m 0700 "$work/tokens"
  printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' "$work/tokens" >"$work/softhsm2.conf"
  (umask 077; head -c 12 /dev/urandom | basenc --base64url >"$work/pin")
  # On a host of one's own this is done by hand, once: the PIN is no secret to this script.
  SOFTHSM2_CONF=$work/softhsm2.conf softhsm2-util --init-token --free --label demo \
    --pin "$(cat "$work/pin")" --so-pin "$(cat "$work/pin")" >/dev/null || broke "the token was not made"
  [ "$dev" = yes ] || chown -R holdfast-keys: "$work/tokens"
}

case "$backend" in
  tpm) choose_tpm ;;
  softhsm) choose_softhsm ;;
esac
