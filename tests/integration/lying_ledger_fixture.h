#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

#include "agents/witness/witness.h"
#include "tests/integration/referral_fixture.h"
#include "trust/base/status_macros.h"
#include "trust/entry/opening.h"
#include "trust/note/cosignature.h"
#include "trust/note/tlog_proof.h"
#include "trust/secret/sha256.h"
#include "trust/signature/ed25519.h"

namespace derwent::agents {

inline constexpr absl::Duration kLimit = absl::Seconds(10);

// The police want the fire service's witness under every entry; the broker itself asks nobody, so that a test says what
// it serves.
class LyingLedgerTest : public ReferralTest {
 protected:
  LyingLedgerTest() {
    police().config.quorum = consortium_.folder() + "/police.policy";
    police().config.witness_limit = kLimit;
    std::ofstream(police().config.quorum) << "log " << ReadAll(Pki("trust/log.vkey")) << "\nwitness dfrs "
                                          << ReadAll(Pki("agencies/dfrs/witness.vkey")) << "\nquorum dfrs\n";
    Witnessed();
    police().Restart();
    EXPECT_OK(police().daemon->upkeep().RunAll());
  }

  // The fire service's witness cosigns whatever is newest.
  void Witnessed() {
    police().broker->on_checkpoint = [this](v1::GetCheckpointResponse& response) {
      response.set_cosigned_note(Cosigned(trust::Note::Parse(response.note()).value()));
    };
    police().broker->inclusion = [this](const v1::GetInclusionProofRequest& asked) {
      return ProofInto(asked.index(),
                       [this](const std::string& note) { return Cosigned(trust::Note::Parse(note).value()); });
    };
  }
  // The proof of an entry into the newest checkpoint, as `note` makes it, in the shape of a final receipt.
  absl::StatusOr<v1::GetInclusionProofResponse> ProofInto(uint64_t index,
                                                          const std::function<std::string(const std::string&)>& note) {
    v1::GetInclusionProofRequest ask;
    ask.set_index(index);
    ASSIGN_OR_RETURN(v1::GetInclusionProofResponse proof, police().real->GetInclusionProof(ask));
    trust::TlogProof text{.extra = "", .index = index, .path = {}, .checkpoint = note(proof.note())};
    for (const std::string& hash : proof.hashes()) text.path.push_back(Sha256Digest::FromBytes(hash).value());
    proof.set_tlog_proof(text.ToString());
    return proof;
  }
  std::string Pki(const std::string& path) const { return absl::StrCat(consortium_.folder(), "/pki/", path); }
  std::string Cosigned(trust::Note note) const {
    const auto key = trust::Ed25519Key::FromFile(Pki("agencies/dfrs/witness.key")).value();
    note.signatures.push_back(trust::Cosign(note.text, "dfrs.example/witness", key, absl::Now()).value());
    return note.ToString();
  }
  // A tree of as many entries as the true one has, and of others; the log signed it.
  std::string Forked(const std::string& note) const {
    const auto key = trust::Ed25519Key::FromFile(Pki("broker/log.key")).value();
    trust::Checkpoint checkpoint = trust::Checkpoint::ParseBody(trust::Note::Parse(note)->text).value();
    checkpoint.root = trust::Sha256("another");
    const std::string body = checkpoint.Body();
    return Cosigned({.text = body, .signatures = {trust::SignNote(body, checkpoint.origin, key).value()}});
  }
  trust::LogKeys LogKeys() { return police().daemon->context().roots.get()->anchors.log_keys; }
  // The police's own witness, beside the agent's.
  std::unique_ptr<Witness> OpenWitness() {
    return Witness::Open(
               police().config.state_dir + "/witness.db", "police.derbys.example/witness",
               trust::Ed25519Key::FromFile(police().config.witness_key).value(), [log = LogKeys()] { return log; },
               police().clock)
        .value();
  }
  // A receipt of a key event in a tree of one entry, which the log signed and nobody else has.
  v1::Receipt OfATreeOfOne(const std::string& event) {
    const trust::Opening entry = trust::Opening::OfPublic(trust::EntryKind::kKeyEvent, event);
    v1::Receipt receipt;
    receipt.set_tlog_proof(trust::TlogProof{
        .extra = entry.ToExtra(), .index = 0, .path = {}, .checkpoint = SignedAlone(entry.LeafHashOf())}
                               .ToString());
    return receipt;
  }
  // A checkpoint of one entry.
  std::string SignedAlone(const Sha256Digest& leaf) {
    const std::string origin = LogKeys().origin();
    const std::string body = trust::Checkpoint{.origin = origin, .size = 1, .root = leaf}.Body();
    const auto key = trust::Ed25519Key::FromFile(Pki("broker/log.key")).value();
    return trust::Note{.text = body, .signatures = {trust::SignNote(body, origin, key).value()}}.ToString();
  }
  static int EvidenceNotes(const TestAgent& agent) {
    int notes = 0;
    std::error_code none;
    for (const auto& file : std::filesystem::directory_iterator(agent.config.state_dir + "/evidence", none))
      notes += file.path().extension() == ".note" ? 1 : 0;
    return notes;
  }
  std::string Pushed(const std::string& reference) {
    const auto response = police().daemon->sender().Push(Sample(reference));
    return response.ok() ? response->shares(0).state() : std::string(response.status().message());
  }
};

}  // namespace derwent::agents
