#include "agents/witness/log_lines.h"

#include <algorithm>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace derwent::agents {
namespace {

bool IsOf(const trust::NoteSignature& line, const trust::VerifierKey& key) {
  return line.name == key.name && line.key_id == key.key_id;
}

}  // namespace

trust::Note WithLinesOf(const trust::Note& note, absl::Span<const trust::VerifierKey> keys) {
  trust::Note own{.text = note.text, .signatures = {}};
  for (const trust::VerifierKey& key : keys) {
    const auto line =
        std::ranges::find_if(note.signatures, [&](const trust::NoteSignature& one) { return IsOf(one, key); });
    if (line != note.signatures.end()) own.signatures.push_back(*line);
  }
  return own;
}

std::string Mended(const std::string& kept, absl::Span<const trust::VerifierKey> logs, const trust::VerifierKey& own) {
  const size_t split = kept.rfind("\n\n");
  if (split == std::string::npos) return kept;
  std::vector<trust::VerifierKey> keys(logs.begin(), logs.end());
  keys.push_back(own);
  trust::Note verified{.text = kept.substr(0, split + 1), .signatures = {}};
  std::vector<trust::VerifierKey> signers;
  // Each line as a note of its own, so that none that is wrong, and no number of them, is in the way of another.
  for (const absl::string_view line : absl::StrSplit(absl::string_view(kept).substr(split + 2), '\n')) {
    const absl::StatusOr<trust::Note> alone = trust::Note::Parse(absl::StrCat(verified.text, "\n", line, "\n"));
    if (!alone.ok()) continue;
    const auto by = trust::KnownSigners(*alone, keys);
    if (!by.ok() || by->empty()) continue;
    verified.signatures.push_back(alone->signatures.front());
    signers.push_back(by->front());
  }
  const bool by_log =
      std::ranges::any_of(signers, [&](const trust::VerifierKey& key) { return key.type != trust::kNoteCosignature; });
  return by_log ? WithLinesOf(verified, keys).ToString() : kept;
}

}  // namespace derwent::agents
