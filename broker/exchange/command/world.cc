#include "broker/exchange/command/world.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

#include "policy/loader/directory.h"
#include "trust/base/status_macros.h"
#include "trust/message/key_event_message.h"
#include "trust/secret/sha256.h"

namespace derwent::exchange {

policy::Decision World::Decide(const policy::DecisionRequest& request, absl::Time now) const {
  return bundle->decider->Decide(request, snapshot(), now);
}

policy::TrustRoots World::roots_at(absl::Time then) const {
  policy::TrustRoots then_trusted = roots();
  then_trusted.revoked = revoked->At(then);
  return then_trusted;
}

Sha256Digest World::policy_digest() const { return *Sha256Digest::FromBytes(bundle->policy_digest); }

const trust::KeyHistory* World::KeysOf(const std::string& agency) const {
  const auto found = keys.find(agency);
  return found == keys.end() ? nullptr : &found->second;
}

std::shared_ptr<const World> WithRegistersOf(const World& base, const World& other) {
  auto world = std::make_shared<World>(base);
  world->directories = other.directories;
  world->keys = other.keys;
  world->register_digest = other.register_digest;
  world->register_revision = other.register_revision;
  return world;
}

absl::StatusOr<std::shared_ptr<const World>> LoadRegisters(const World& base, store::Reader& reader) {
  auto world = std::make_shared<World>(base);
  world->directories.clear();
  world->keys.clear();
  world->register_revision = 0;
  ASSIGN_OR_RETURN(const std::vector<store::DirectoryRow> directories, reader.ListDirectories());
  std::string digests;
  for (const store::DirectoryRow& row : directories) {
    absl::StrAppend(&digests, row.payload_digest.view());
    world->register_revision = std::max(world->register_revision, row.entry_index + 1);
    v1::DsseEnvelope envelope;
    v1::Directory directory;
    if (!envelope.ParseFromString(row.envelope) || !directory.ParseFromString(envelope.payload()))
      return absl::DataLossError("a stored directory does not parse");
    // A directory that no longer fits the policy gives nobody a role.
    auto compiled = policy::CompileDirectory(directory, *base.bundle->policy);
    world->directories[row.agency] = compiled.ok() ? *std::move(compiled) : policy::Directory();
  }
  world->register_digest = trust::Sha256(digests);
  ASSIGN_OR_RETURN(const std::vector<store::KeyEventRow> events, reader.ListAllKeyEvents());
  for (const store::KeyEventRow& row : events) {
    const auto anchor = base.anchors.find(row.agency);
    if (anchor == base.anchors.end()) continue;
    trust::KeyHistory& history = world->keys.try_emplace(row.agency, row.agency, anchor->second).first->second;
    v1::DsseEnvelope envelope;
    if (!envelope.ParseFromString(row.envelope)) return absl::DataLossError("a stored key event does not parse");
    ASSIGN_OR_RETURN(const trust::KeyEvent event, trust::ParseKeyEvent(envelope));
    // An event is judged at the time it was entered, so that a key that was rotated outlives the certificate of the one
    // before. One whose certificate was revoked ends the history: later keys do not count.
    ASSIGN_OR_RETURN(const std::optional<store::EntryRow> entry, reader.FindEntry(row.entry_index));
    if (!entry.has_value()) return absl::DataLossError("a stored key event has no entry");
    if (!history.Add(event, *base.authority, *base.revoked, entry->time).ok()) continue;
  }
  return world;
}

}  // namespace derwent::exchange
