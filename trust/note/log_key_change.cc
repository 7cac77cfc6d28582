#include "trust/note/log_key_change.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

#include "trust/base/status_macros.h"

namespace derwent::trust {
namespace {

std::string Text(const LogKeyChange& change) {
  return absl::StrCat(kLogKeyChange, "before ", change.before.ToString(), "\nafter ", change.after.ToString(), "\n");
}

bool Same(const VerifierKey& a, const VerifierKey& b) { return a.ToString() == b.ToString(); }

}  // namespace

absl::StatusOr<std::string> SignLogKeyChange(absl::string_view origin, const Ed25519Key& before,
                                             const Ed25519Key& after) {
  LogKeyChange change;
  ASSIGN_OR_RETURN(change.before, VerifierKey::Make(origin, kNoteEd25519, before.public_key()));
  ASSIGN_OR_RETURN(change.after, VerifierKey::Make(origin, kNoteEd25519, after.public_key()));
  if (Same(change.before, change.after)) return absl::InvalidArgumentError("the log's next key is its key");
  Note note{.text = Text(change), .signatures = {}};
  for (const Ed25519Key* key : {&before, &after}) {
    ASSIGN_OR_RETURN(NoteSignature signature, SignNote(note.text, origin, *key));
    note.signatures.push_back(std::move(signature));
  }
  return note.ToString();
}

absl::StatusOr<LogKeyChange> OpenLogKeyChange(absl::string_view note, absl::Span<const VerifierKey> known) {
  ASSIGN_OR_RETURN(const Note parsed, Note::Parse(note));
  absl::string_view text = parsed.text;
  const std::vector<absl::string_view> lines = absl::StrSplit(text, '\n');
  if (!absl::ConsumePrefix(&text, kLogKeyChange) || lines.size() != 4)
    return absl::InvalidArgumentError("not a change of a log's key");
  absl::string_view before = lines[1];
  absl::string_view after = lines[2];
  if (!absl::ConsumePrefix(&before, "before ") || !absl::ConsumePrefix(&after, "after "))
    return absl::InvalidArgumentError("not a change of a log's key");
  LogKeyChange change;
  ASSIGN_OR_RETURN(change.before, VerifierKey::Parse(before));
  ASSIGN_OR_RETURN(change.after, VerifierKey::Parse(after));
  if (change.before.name != change.after.name || change.before.type != kNoteEd25519 ||
      change.after.type != kNoteEd25519 || Text(change) != parsed.text)
    return absl::InvalidArgumentError("not a change of a log's key");
  const bool follows =
      std::any_of(known.begin(), known.end(), [&](const VerifierKey& key) { return Same(key, change.before); });
  if (!follows) return absl::UnauthenticatedError("the log's key is changed by a key that is not the log's");
  ASSIGN_OR_RETURN(const std::vector<VerifierKey> signers, VerifyNote(parsed, {change.before, change.after}));
  if (signers.size() != 2) return absl::UnauthenticatedError("a change of the log's key is not signed by both keys");
  return change;
}

}  // namespace derwent::trust
