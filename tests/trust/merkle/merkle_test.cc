#include <bit>
#include <map>

#include "absl/strings/str_cat.h"

#include "tests/support/matchers.h"
#include "tests/trust/seeded_random.h"
#include "trust/base/encoding.h"
#include "trust/merkle/proof.h"
#include "trust/merkle/tile.h"
#include "trust/merkle/tree.h"

namespace derwent::trust {
namespace {

using ::derwent::testing::SeededRandom;
using ::derwent::testing::StatusIs;
using ::testing::HasSubstr;

// The definition of RFC 6962 section 2.1, word for word.
Sha256Digest DefinedRoot(const std::vector<Sha256Digest>& leaves, size_t start, size_t end) {
  if (start == end) return EmptyRoot();
  if (end - start == 1) return leaves[start];
  const size_t k = std::bit_floor(end - start - 1);
  return NodeHash(DefinedRoot(leaves, start, start + k), DefinedRoot(leaves, start + k, end));
}

// A growing tree that keeps every perfect subtree.
class Tree {
 public:
  void Append(absl::string_view leaf) {
    leaves.push_back(LeafHash(leaf));
    edge.Append(leaves.back(), [this](NodeId node, const Sha256Digest& hash) {
      nodes[{node.level, node.index}] = hash;
    });
    roots.push_back(edge.Root());
  }
  absl::StatusOr<Sha256Digest> Read(NodeId node) const {
    const auto found = nodes.find({node.level, node.index});
    if (found == nodes.end()) return absl::NotFoundError("no such subtree");
    return found->second;
  }
  auto reader() const {
    return [this](NodeId node) { return Read(node); };
  }

  std::vector<Sha256Digest> leaves;
  std::vector<Sha256Digest> roots = {EmptyRoot()};  // By size.
  RightEdge edge;
  std::map<std::pair<int, uint64_t>, Sha256Digest> nodes;
};

Tree TreeOf(size_t size) {
  Tree tree;
  for (size_t i = 0; i < size; ++i) tree.Append(absl::StrCat("leaf ", i));
  return tree;
}

TEST(TreeTest, MatchesThePublishedRootsOfCertificateTransparency) {
  // The eight leaves and roots of the reference implementation's tests (google/certificate-transparency).
  const char* const leaves[] = {
      "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"};
  const char* const roots[] = {"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                               "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                               "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                               "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                               "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                               "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                               "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                               "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                               "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
  Tree tree;
  for (const char* leaf : leaves) tree.Append(HexDecode(leaf).value());
  for (size_t size = 0; size <= 8; ++size) EXPECT_EQ(tree.roots[size].hex(), roots[size]) << size;
}

TEST(TreeTest, KeepsTheDefinedRootAtEverySize) {
  const Tree tree = TreeOf(300);
  for (size_t size = 0; size <= 300; ++size) ASSERT_EQ(tree.roots[size], DefinedRoot(tree.leaves, 0, size)) << size;
}

TEST(TreeTest, ResumesFromTheSubtreesOfItsSize) {
  const Tree tree = TreeOf(200);
  for (uint64_t size = 0; size <= 200; ++size) {
    std::vector<Sha256Digest> hashes;
    for (const NodeId node : RightEdge::Nodes(size)) hashes.push_back(tree.Read(node).value());
    ASSERT_EQ(RightEdge(size, hashes).Root(), tree.roots[size]) << size;
  }
}

TEST(ProofTest, ProvesEveryLeafOfEverySizeAndNoOther) {
  const Tree tree = TreeOf(66);
  for (uint64_t size = 1; size <= 66; ++size) {
    for (uint64_t index = 0; index < size; ++index) {
      const auto path = InclusionProof(index, size, tree.reader());
      ASSERT_OK(path);
      ASSERT_OK(VerifyInclusion(tree.leaves[index], index, size, *path, tree.roots[size]));
      for (uint64_t other = 0; other < size; ++other) {
        if (other == index) continue;
        ASSERT_FALSE(VerifyInclusion(tree.leaves[index], other, size, *path, tree.roots[size]).ok())
            << size << " " << index << " " << other;
        ASSERT_FALSE(VerifyInclusion(tree.leaves[other], index, size, *path, tree.roots[size]).ok());
      }
    }
  }
}

TEST(ProofTest, ProvesEveryGrowth) {
  const Tree tree = TreeOf(66);
  for (uint64_t size = 1; size <= 66; ++size) {
    for (uint64_t old_size = 1; old_size <= size; ++old_size) {
      const auto path = ConsistencyProof(old_size, size, tree.reader());
      ASSERT_OK(path);
      ASSERT_OK(VerifyConsistency(old_size, size, tree.roots[old_size], tree.roots[size], *path));
      const bool says = old_size < size && !std::has_single_bit(old_size);
      const auto past = ProvenPast(old_size, size, tree.roots[size], *path);
      ASSERT_EQ(past.ok(), says) << old_size << " of " << size;
      if (says) {
        ASSERT_EQ(*past, tree.roots[old_size]);
      }
      ASSERT_FALSE(ProvenPast(old_size, size, tree.roots[size - 1], *path).ok());
      ASSERT_FALSE(VerifyConsistency(old_size, size, tree.roots[old_size - 1], tree.roots[size], *path).ok());
      ASSERT_FALSE(VerifyConsistency(old_size, size, tree.roots[old_size], tree.roots[size - 1], *path).ok());
    }
  }
}

TEST(ProofTest, RefusesSizesThatProveNothing) {
  const Tree tree = TreeOf(8);
  EXPECT_THAT(InclusionProof(8, 8, tree.reader()), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_FALSE(InclusionProof(0, 0, tree.reader()).ok());
  EXPECT_FALSE(ConsistencyProof(0, 8, tree.reader()).ok());
  EXPECT_FALSE(ConsistencyProof(9, 8, tree.reader()).ok());
  EXPECT_FALSE(VerifyInclusion(tree.leaves[0], 0, 0, {}, tree.roots[0]).ok());
  EXPECT_FALSE(VerifyConsistency(0, 8, tree.roots[0], tree.roots[8], {}).ok());
  EXPECT_THAT(VerifyConsistency(8, 8, tree.roots[7], tree.roots[8], {}),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("differ")));
  EXPECT_THAT(VerifyConsistency(8, 8, tree.roots[8], tree.roots[8], {tree.roots[1]}),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("is not empty")));
  EXPECT_FALSE(VerifyConsistency(4, 8, tree.roots[4], tree.roots[8], {}).ok());
}

TEST(ProofTest, HandsOnAReadersFailure) {
  const auto broken = [](NodeId) -> absl::StatusOr<Sha256Digest> { return absl::DataLossError("tile is gone"); };
  EXPECT_THAT(InclusionProof(3, 8, broken), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(ConsistencyProof(3, 8, broken), StatusIs(absl::StatusCode::kDataLoss));
}

TEST(ProofTest, RefusesADamagedPath) {
  const Tree tree = TreeOf(300);
  SeededRandom random(20261124);
  for (int round = 0; round < 1000; ++round) {
    const uint64_t size = 2 + random.Below(299);
    const uint64_t index = random.Below(size);
    std::vector<Sha256Digest> path = InclusionProof(index, size, tree.reader()).value();
    const uint64_t where = random.Below(path.size());
    switch (random.Below(4)) {
      case 0:
        path[where].data()[random.Below(32)] ^= static_cast<uint8_t>(1 << random.Below(8));
        break;
      case 1:
        path.erase(path.begin() + static_cast<std::ptrdiff_t>(where));
        break;
      case 2:
        path.insert(path.begin() + static_cast<std::ptrdiff_t>(where), tree.leaves[0]);
        break;
      default:
        path.push_back(tree.roots[size]);
        break;
    }
    ASSERT_FALSE(VerifyInclusion(tree.leaves[index], index, size, path, tree.roots[size]).ok()) << round;
  }
}

TEST(TileTest, WritesPathsAsTheSpecificationDoes) {
  EXPECT_EQ(TileIndexPath(0), "000");
  EXPECT_EQ(TileIndexPath(999), "999");
  EXPECT_EQ(TileIndexPath(1000), "x001/000");
  EXPECT_EQ(TileIndexPath(1234067), "x001/x234/067");
}

TEST(TileTest, PlacesNodesBetweenStoredLevels) {
  const TileSpan span = TileOf({.level = 10, .index = 65});  // Four hashes of level 8, from 260.
  EXPECT_EQ(span.tile, (TileId{1, 1}));
  EXPECT_EQ(span.first, 4u);
  EXPECT_EQ(span.count, 4u);
}

}  // namespace
}  // namespace derwent::trust
