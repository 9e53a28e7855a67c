#include "core/segment/segmenter.h"

#include <torch/torch.h>

namespace semples {

const NamedTensors& Segmenter::buffers() const {
  static const NamedTensors none;
  return none;
}

NamedTensors Segmenter::state() const {
  NamedTensors all = parameters();
  all.insert(all.end(), buffers().begin(), buffers().end());
  return all;
}

std::vector<at::Tensor> Segmenter::respond(const at::Tensor& images, const SegmentPass& pass) const {
  const PrecisionScope scope(precision_, device(), &copies_);
  std::vector<at::Tensor> outputs = compute(images, pass);
  for (at::Tensor& logits : outputs) logits = full(logits);
  return outputs;
}

at::Tensor Segmenter::logits(const at::Tensor& images, const SegmentPass& pass) const {
  return enlarge(respond(fill_up(images, multiple()), pass).back(), stride(), images.size(2), images.size(3));
}

at::Tensor fill_up(const at::Tensor& images, int64_t multiple) {
  const int64_t bottom = -images.size(2) % multiple, right = -images.size(3) % multiple;
  if (bottom == 0 && right == 0) return images;
  return at::constant_pad_nd(images, {0, (multiple + right) % multiple, 0, (multiple + bottom) % multiple}, 0);
}

at::Tensor enlarge(const at::Tensor& logits, int64_t stride, int64_t height, int64_t width) {
  const at::Tensor full = at::upsample_bilinear2d(logits, {logits.size(2) * stride, logits.size(3) * stride}, false);
  return full.narrow(2, 0, height).narrow(3, 0, width);
}

}  // namespace semples
