#include "trust/note/quorum.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "trust/base/status_macros.h"

namespace derwent::trust {
namespace {

using Words = std::vector<absl::string_view>;

constexpr char kNobody[] = "none";

absl::Status Refuse(absl::string_view rule) { return absl::InvalidArgumentError(rule); }

bool SameKey(const VerifierKey& one, const VerifierKey& other) { return one.public_key == other.public_key; }

}  // namespace

// Reads a policy line by line.
class QuorumPolicy::Reader {
 public:
  explicit Reader(QuorumPolicy& policy) : policy_(policy) {}

  absl::Status Line(absl::string_view line) {
    for (const char c : line) {
      const auto octet = static_cast<uint8_t>(c);
      if ((octet < 0x20 && c != '\t') || octet == 0x7f) return Refuse("it holds a control character");
    }
    const Words words = absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
    if (words.empty() || words[0][0] == '#') return absl::OkStatus();
    if (words[0] == "log") return Log(words);
    if (words[0] == "witness") return Witness(words);
    if (words[0] == "group") return Group(words);
    if (words[0] == "quorum") return Quorum(words);
    return Refuse("it begins with none of `log`, `witness`, `group`, `quorum`");
  }
  absl::Status End() const { return quorum_seen_ ? absl::OkStatus() : Refuse("there is no `quorum` line"); }

 private:
  // Keys count once, under whatever name: one key may not answer for two.
  absl::Status Fresh(const VerifierKey& key) const {
    for (const std::vector<VerifierKey>* const keys : {&policy_.logs_, &policy_.witnesses_}) {
      if (std::ranges::any_of(*keys, [&](const VerifierKey& known) { return SameKey(known, key); }))
        return Refuse("the key stands on an earlier line");
    }
    return absl::OkStatus();
  }

  absl::Status Log(const Words& words) {
    if (words.size() < 2 || words.size() > 3) return Refuse("a log is `log <vkey> [url]`");
    ASSIGN_OR_RETURN(const VerifierKey key, VerifierKey::Parse(words[1]));
    if (key.type != kNoteEd25519) return Refuse("a log's key has type 0x01");
    RETURN_IF_ERROR(Fresh(key));
    policy_.logs_.push_back(key);
    return absl::OkStatus();
  }

  absl::Status Witness(const Words& words) {
    if (words.size() < 3 || words.size() > 4) return Refuse("a witness is `witness <name> <vkey> [url]`");
    ASSIGN_OR_RETURN(const VerifierKey key, VerifierKey::Parse(words[2]));
    // Of a later type it is a member that never signs: whether the quorum can be had without it is the group's to say.
    if (key.type == kNoteEd25519) return Refuse("a witness's key signs cosignatures: type 0x04, not 0x01");
    RETURN_IF_ERROR(Fresh(key));
    RETURN_IF_ERROR(Define(words[1], {.name = std::string(words[1]), .key = policy_.witnesses_.size()}));
    policy_.witnesses_.push_back(key);
    policy_.witness_names_.emplace_back(words[1]);
    policy_.witness_urls_.emplace_back(words.size() == 4 ? words[3] : "");
    return absl::OkStatus();
  }

  absl::Status Group(const Words& words) {
    if (words.size() < 4) return Refuse("a group is `group <name> all|any|<number> <member>...`");
    Node node{.name = std::string(words[1])};
    for (size_t i = 3; i < words.size(); ++i) {
      ASSIGN_OR_RETURN(const size_t member, Find(words[i]));
      if (std::exchange(policy_.nodes_[member].taken, true)) return Refuse("a member is in a group already");
      node.members.push_back(member);
    }
    ASSIGN_OR_RETURN(node.needs, Needs(words[2], node.members.size()));
    return Define(words[1], std::move(node));
  }

  absl::Status Quorum(const Words& words) {
    if (words.size() != 2) return Refuse("a quorum is `quorum <name>|none`");
    if (std::exchange(quorum_seen_, true)) return Refuse("there is a second `quorum` line");
    if (words[1] == kNobody) return absl::OkStatus();
    ASSIGN_OR_RETURN(policy_.quorum_, Find(words[1]));
    return absl::OkStatus();
  }

  static absl::StatusOr<size_t> Needs(absl::string_view word, size_t members) {
    if (word == "all") return members;
    if (word == "any") return size_t{1};
    uint32_t number = 0;
    if (word.find_first_not_of("0123456789") != absl::string_view::npos || word[0] == '0' ||
        !absl::SimpleAtoi(word, &number) || number > members)
      return Refuse("a group needs `all`, `any` or a number from 1 to that of its members");
    return size_t{number};
  }

  absl::StatusOr<size_t> Find(absl::string_view name) const {
    const auto found = std::ranges::find(policy_.nodes_, name, &Node::name);
    if (found == policy_.nodes_.end()) return Refuse("a name is not defined on an earlier line");
    return static_cast<size_t>(found - policy_.nodes_.begin());
  }

  absl::Status Define(absl::string_view name, Node node) {
    if (name == kNobody) return Refuse("`none` is no name");
    if (Find(name).ok()) return Refuse("the name is defined on an earlier line");
    policy_.nodes_.push_back(std::move(node));
    return absl::OkStatus();
  }

  QuorumPolicy& policy_;
  bool quorum_seen_ = false;
};

absl::StatusOr<QuorumPolicy> QuorumPolicy::Parse(absl::string_view text) {
  if (text.size() > kMaxNoteSize) return absl::InvalidArgumentError("the quorum policy is over 1 MiB");
  QuorumPolicy policy;
  Reader reader(policy);
  size_t number = 0;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    if (const absl::Status read = reader.Line(line); !read.ok())
      return absl::InvalidArgumentError(absl::StrCat("quorum policy, line ", number, ": ", read.message()));
  }
  RETURN_IF_ERROR(reader.End());
  return policy;
}

std::string QuorumPolicy::WithoutWitnesses(const VerifierKey& log) {
  return absl::StrCat("log ", log.ToString(), "\nquorum ", kNobody, "\n");
}

bool QuorumPolicy::Met(absl::Span<const VerifierKey> cosigners) const {
  if (none()) return true;
  std::vector<bool> met;  // By node; members come before their group.
  for (const Node& node : nodes_) {
    const auto is_met = [&](size_t member) { return met[member]; };
    const auto signed_by = [&](const VerifierKey& key) { return SameKey(key, witnesses_[node.key]); };
    met.push_back(node.key != kNone ? std::ranges::any_of(cosigners, signed_by)
                                    : static_cast<size_t>(std::ranges::count_if(node.members, is_met)) >= node.needs);
  }
  return met[quorum_];
}

std::vector<size_t> QuorumPolicy::GroupsOver(size_t witness) const {
  std::vector<size_t> over;
  auto below = static_cast<size_t>(std::ranges::find(nodes_, witness, &Node::key) - nodes_.begin());
  for (size_t i = below + 1; i < nodes_.size(); ++i) {  // A group comes after its members, and is of one group at most.
    if (std::ranges::find(nodes_[i].members, below) == nodes_[i].members.end()) continue;
    over.push_back(i);
    below = i;
  }
  return over;
}

bool QuorumPolicy::AddUp(size_t one, size_t other) const {
  const std::vector<size_t> over = GroupsOver(one);
  const std::vector<size_t> over_other = GroupsOver(other);
  const auto meet = std::ranges::find_if(
      over, [&](size_t group) { return std::ranges::find(over_other, group) != over_other.end(); });
  const bool of_quorum = meet != over.end() && std::find(meet, over.end(), quorum_) != over.end();
  return of_quorum && nodes_[*meet].needs > 1;
}

std::string AgencyOfWitness(absl::string_view name) { return std::string(name.substr(0, name.find('/'))); }

bool IsParticipant(const VerifierKey& witness) { return absl::EndsWith(witness.name, kParticipant); }

absl::Status CheckAgenciesCountOnce(const QuorumPolicy& policy) {
  const std::vector<std::string>& names = policy.witness_names();
  for (size_t i = 0; i < names.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      const std::string agency = AgencyOfWitness(names[i]);
      if (agency == AgencyOfWitness(names[j]) && policy.AddUp(i, j))
        return absl::InvalidArgumentError(
            absl::StrCat("two keys of `", agency, "` would count as two: let them meet in a group that needs `any`"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Checkpoint> OpenCosignedCheckpoint(absl::string_view note, const QuorumPolicy& policy,
                                                  const LogKeys& log_keys) {
  ASSIGN_OR_RETURN(Checkpoint checkpoint, OpenCheckpoint(note, log_keys));
  ASSIGN_OR_RETURN(const Note parsed, Note::Parse(note));
  ASSIGN_OR_RETURN(const std::vector<VerifierKey> cosigners, KnownSigners(parsed, policy.witnesses()));
  if (policy.Met(cosigners)) return checkpoint;
  return absl::FailedPreconditionError("the witnesses that cosigned do not make the quorum");
}

}  // namespace derwent::trust
