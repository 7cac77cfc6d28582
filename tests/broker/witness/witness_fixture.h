#pragma once

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

#include "broker/witness/quorum.h"
#include "tests/broker/ledger/ledger_fixture.h"
#include "trust/note/cosignature.h"

namespace derwent::witness {

inline trust::VerifierKey LogKey() {
  return trust::VerifierKey::Make(ledger::kOrigin, trust::kNoteEd25519, ledger::TestKey().public_key()).value();
}

// One agency's witness, its key made of a letter.
struct TestWitness {
  std::string name;
  char seed;

  trust::Ed25519Key key() const { return ledger::TestKey(seed); }
  trust::VerifierKey vkey() const {
    return trust::VerifierKey::Make(absl::StrCat(name, ".example/witness"), trust::kNoteCosignature, key().public_key())
        .value();
  }
  // Its signature line over a checkpoint's body.
  std::string Line(absl::string_view body, absl::Time time) const {
    return trust::SignatureLine(trust::Cosign(body, vkey().name, key(), time).value());
  }
};

inline const std::vector<TestWitness>& Witnesses() {
  static const auto& witnesses =
      *new std::vector<TestWitness>{{"police", 'p'}, {"dfrs", 'f'}, {"adults", 'a'}, {"host", 'h'}};
  return witnesses;
}

// `log`, the four witnesses, then `rest`.
inline std::string PolicyText(absl::string_view rest) {
  std::string text = absl::StrCat("log ", LogKey().ToString(), "\n");
  for (const TestWitness& witness : Witnesses())
    absl::StrAppend(&text, "witness ", witness.name, " ", witness.vkey().ToString(), "\n");
  return absl::StrCat(text, rest);
}

inline constexpr char kTwoOfThree[] = "group sectors 2 police dfrs adults\nquorum sectors\n";

}  // namespace derwent::witness
