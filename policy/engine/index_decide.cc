#include "policy/engine/index.h"
#include "policy/engine/judging.h"

namespace derwent::policy {

void Index::Decide(const Interned& question, const Snapshot& snapshot, absl::CivilDay day,
                   std::array<Verdict, Interned::kMost>& verdicts) const {
  for (size_t i = 0; i < question.count; ++i) {
    verdicts[i].denied = true;
    verdicts[i].approvers = 0;
    verdicts[i].marks.Clear();
  }
  if (question.giver < 0 || question.receiver < 0 || question.role < 0 || question.profile < 0 ||
      question.purpose < 0 || !question.well_named)
    return;
  Judging judging(*this, question, snapshot, day);
  judging.CheckRequest();
  for (size_t i = 0; i < question.count; ++i) {
    if (question.categories[i] >= 0) judging.Of(question.categories[i], verdicts[i]);
  }
}

}  // namespace derwent::policy
