// Stored tiles against RFC 6962 and 9162, for every size from 1 to 300.

#include "trust/merkle/proof.h"

#include "broker/ledger/query.h"
#include "tests/broker/ledger/ledger_fixture.h"
#include "trust/entry/opening.h"
#include "trust/note/checkpoint.h"

namespace derwent::ledger {
namespace {

constexpr uint64_t kSizes = 300;

class ProofTest : public LedgerTest {
 protected:
  // One entry a batch, so that there is a checkpoint of every size.
  void Fill() {
    for (uint64_t size = 1; size <= kSizes; ++size)
      Commit({EntryDraft("read", Actor::kReceiving).SetReceiving("dfrs", "")});
  }
  Sha256Digest RootOf(store::Reader& reader, uint64_t size) {
    return trust::OpenCheckpoint(reader.FindCheckpoint(size).value()->note, log_->vkey()).value().root;
  }
};

TEST_F(ProofTest, ProvesEveryEntryIntoEverySize) {
  Fill();
  auto reader = store_->Read().value();
  std::vector<Sha256Digest> leaves;
  for (uint64_t index = 0; index < kSizes; ++index) leaves.push_back(StoredLeafHash(*reader, index).value());
  for (uint64_t size = 1; size <= kSizes; ++size) {
    const Sha256Digest root = RootOf(*reader, size);
    for (uint64_t index = 0; index < size; ++index) {
      const auto path = InclusionProof(*reader, index, size).value();
      ASSERT_OK(trust::VerifyInclusion(leaves[index], index, size, path, root)) << index << " of " << size;
    }
  }
}

TEST_F(ProofTest, ProvesThatEverySizeExtendsTheOnesBefore) {
  Fill();
  auto reader = store_->Read().value();
  std::vector<Sha256Digest> roots = {Sha256Digest()};
  for (uint64_t size = 1; size <= kSizes; ++size) roots.push_back(RootOf(*reader, size));
  for (uint64_t size = 1; size <= kSizes; ++size) {
    for (uint64_t old_size = 1; old_size <= size; ++old_size) {
      const auto path = ConsistencyProof(*reader, old_size, size).value();
      ASSERT_OK(trust::VerifyConsistency(old_size, size, roots[old_size], roots[size], path))
          << old_size << " " << size;
    }
  }
}

TEST_F(ProofTest, BatchesOfAnySizeGiveTheTreeOfTheirLeaves) {
  uint64_t size = 0;
  for (const int count : {1, 2, 3, 64, 5, 200, 256, 31, 600}) {
    Commit(std::vector<EntryDraft>(static_cast<size_t>(count),
                                   EntryDraft("read", Actor::kReceiving).SetReceiving("dfrs", "")));
    size += static_cast<uint64_t>(count);
    auto reader = store_->Read().value();
    trust::RightEdge tree;
    const auto leaves = Leaves(*reader, 0, 4096).value();
    for (const std::string& leaf : leaves)
      tree.Append(trust::LeafHash(leaf), [](trust::NodeId, const Sha256Digest&) {});
    ASSERT_EQ(tree.size(), size);
    EXPECT_EQ(tree.Root(), RootOf(*reader, size));
  }
}

TEST_F(ProofTest, ReceiptsOfABatchVerifyAtEveryPositionOfTheTree) {
  for (const int count : {1, 2, 1, 7, 64, 65, 3, 128, 40}) {
    const uint64_t first = log_->size();
    const auto batch = Commit(std::vector<EntryDraft>(static_cast<size_t>(count), Referral(count)));
    for (uint64_t index = first; index < first + static_cast<uint64_t>(count); ++index) {
      const auto receipt = trust::VerifyReceipt(batch->MakeReceipt(index, "dfrs").value(), log_->vkey(), kOrigin);
      ASSERT_OK(receipt) << index;
      EXPECT_EQ(receipt->index, index);
    }
  }
}

}  // namespace
}  // namespace derwent::ledger
