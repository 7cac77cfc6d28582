#include "agents/witness/fork.h"

#include "trust/merkle/proof.h"
#include "trust/merkle/tree.h"

namespace derwent::agents {
namespace {

bool IsAnotherHistory(const WitnessView& seen, const trust::Checkpoint& offered, const trust::AddCheckpoint& request) {
  if (offered.size == 0) return offered.root != trust::EmptyRoot();
  if (offered.size == seen.size) return offered.root != seen.root;
  const auto past = trust::ProvenPast(seen.size, offered.size, offered.root, request.path);
  return past.ok() && *past != seen.root;
}

}  // namespace

std::optional<Fork> ProvenFork(const WitnessView& seen, const trust::Note& note, const trust::Checkpoint& checkpoint,
                               const trust::AddCheckpoint& request) {
  if (!IsAnotherHistory(seen, checkpoint, request)) return std::nullopt;
  trust::AddCheckpoint offered{.old_size = seen.size,
                               .path = checkpoint.size == seen.size ? std::vector<Sha256Digest>() : request.path,
                               .checkpoint = note.ToString()};
  return Fork{.origin = checkpoint.origin, .seen = seen.note, .offered = offered.ToString()};
}

}  // namespace derwent::agents
