// The links of a splay tree: rotations, removal and the way from node to node. What hangs on the
// links is the driver's, or rtl_generic_table.cc's. The root is its own parent.
#include <wdm.h>

namespace {

using Links = RTL_SPLAY_LINKS;

// Puts `node`, which may be nullptr, where `old` hangs.
void replace(Links& old, Links* node) {
  if (RtlIsRoot(&old)) {
    if (node != nullptr) node->Parent = node;
    return;
  }
  (RtlIsLeftChild(&old) ? old.Parent->LeftChild : old.Parent->RightChild) = node;
  if (node != nullptr) node->Parent = old.Parent;
}

void hang(Links& parent, Links* Links::*side, Links* child) {
  parent.*side = child;
  if (child != nullptr) child->Parent = &parent;
}

// The node, which hangs on the side `up` of its parent, and the parent change places.
void rotate(Links& node, Links* Links::*up, Links* Links::*across) {
  Links& parent = *node.Parent;
  replace(parent, &node);
  hang(parent, up, node.*across);
  hang(node, across, &parent);
}

void lift(Links& node) {
  if (RtlIsLeftChild(&node)) {
    rotate(node, &Links::LeftChild, &Links::RightChild);
  } else {
    rotate(node, &Links::RightChild, &Links::LeftChild);
  }
}

Links* outermost(Links* node, Links* Links::*side) {
  while (node != nullptr && node->*side != nullptr) node = node->*side;
  return node;
}

// The next node in the direction of `side`; nullptr behind the last.
Links* neighbour(Links* node, Links* Links::*side, Links* Links::*other) {
  if (node->*side != nullptr) return outermost(node->*side, other);
  while (!RtlIsRoot(node) && node->Parent->*side == node) node = node->Parent;
  return RtlIsRoot(node) ? nullptr : node->Parent;
}

// Takes the node out. Returns a node near to where the tree has changed; nullptr when it is empty.
Links* unlink(Links& node) {
  if (node.LeftChild == nullptr || node.RightChild == nullptr) {
    Links* const child = node.LeftChild != nullptr ? node.LeftChild : node.RightChild;
    Links* const changed = RtlIsRoot(&node) ? child : node.Parent;
    replace(node, child);
    return changed;
  }
  Links& heir = *outermost(node.LeftChild, &Links::RightChild);  // Has no right child.
  Links* const changed = heir.Parent == &node ? &heir : heir.Parent;
  replace(heir, heir.LeftChild);
  replace(node, &heir);
  hang(heir, &Links::LeftChild, node.LeftChild);
  hang(heir, &Links::RightChild, node.RightChild);
  return changed;
}

}  // namespace

extern "C" {

PRTL_SPLAY_LINKS RtlSplay(PRTL_SPLAY_LINKS Links) {
  while (!RtlIsRoot(Links)) {
    PRTL_SPLAY_LINKS const parent = Links->Parent;
    if (!RtlIsRoot(parent)) {
      const bool in_line = RtlIsLeftChild(Links) == RtlIsLeftChild(parent);
      lift(in_line ? *parent : *Links);
    }
    lift(*Links);
  }
  return Links;
}

PRTL_SPLAY_LINKS RtlDelete(PRTL_SPLAY_LINKS Links) {
  PRTL_SPLAY_LINKS const changed = unlink(*Links);
  return changed == nullptr ? nullptr : RtlSplay(changed);
}

VOID RtlDeleteNoSplay(PRTL_SPLAY_LINKS Links, PRTL_SPLAY_LINKS* Root) {
  PRTL_SPLAY_LINKS node = unlink(*Links);
  if (*Root != Links) return;
  while (node != nullptr && !RtlIsRoot(node)) node = node->Parent;
  *Root = node;
}

PRTL_SPLAY_LINKS RtlRealSuccessor(PRTL_SPLAY_LINKS Links) {
  return neighbour(Links, &RTL_SPLAY_LINKS::RightChild, &RTL_SPLAY_LINKS::LeftChild);
}

PRTL_SPLAY_LINKS RtlRealPredecessor(PRTL_SPLAY_LINKS Links) {
  return neighbour(Links, &RTL_SPLAY_LINKS::LeftChild, &RTL_SPLAY_LINKS::RightChild);
}

PRTL_SPLAY_LINKS RtlSubtreeSuccessor(PRTL_SPLAY_LINKS Links) {
  return outermost(Links->RightChild, &RTL_SPLAY_LINKS::LeftChild);
}

PRTL_SPLAY_LINKS RtlSubtreePredecessor(PRTL_SPLAY_LINKS Links) {
  return outermost(Links->LeftChild, &RTL_SPLAY_LINKS::RightChild);
}

}  // extern "C"
