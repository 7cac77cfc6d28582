#include "broker/ledger/fsck_tree.h"

#include <map>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "trust/base/encoding.h"

namespace derwent::ledger {
namespace {

// The eight leaves and roots of the reference implementation's tests (google/certificate-transparency).
constexpr const char* kLeaves[] = {
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"};
constexpr const char* kRoots[] = {"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                                  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                                  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                                  "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                                  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                                  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                                  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                                  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                                  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};

TEST(FsckTreeTest, MatchesThePublishedRootsOfCertificateTransparencyInBothItsForms) {
  FsckTree tree;
  std::vector<Sha256Digest> hashes;
  EXPECT_EQ(tree.Root().hex(), kRoots[0]);
  for (size_t size = 1; size <= 8; ++size) {
    hashes.push_back(HashOfLeaf(HexDecode(kLeaves[size - 1]).value()));
    tree.Add(hashes.back(), [](int, uint64_t, const Sha256Digest&) {});
    EXPECT_EQ(tree.Root().hex(), kRoots[size]);
    EXPECT_EQ(TreeHash(hashes).hex(), kRoots[size]);
    EXPECT_EQ(tree.size(), size);
  }
}

TEST(FsckTreeTest, TellsEachPerfectTreeOnceAtItsPlace) {
  FsckTree tree;
  std::vector<Sha256Digest> hashes;
  std::map<std::pair<int, uint64_t>, Sha256Digest> told;
  for (int i = 0; i < 300; ++i) {
    hashes.push_back(HashOfLeaf(absl::StrCat("leaf ", i)));
    tree.Add(hashes.back(), [&](int height, uint64_t index, const Sha256Digest& hash) {
      EXPECT_TRUE(told.emplace(std::pair(height, index), hash).second) << height << "/" << index;
    });
  }
  size_t perfect = 0;
  for (int height = 0; (uint64_t{1} << height) <= hashes.size(); ++height) perfect += hashes.size() >> height;
  EXPECT_EQ(told.size(), perfect);
  for (const auto& [place, hash] : told) {
    const size_t width = size_t{1} << place.first;
    EXPECT_EQ(hash, TreeHash(absl::MakeConstSpan(hashes).subspan(place.second * width, width)));
  }
}

}  // namespace
}  // namespace derwent::ledger
