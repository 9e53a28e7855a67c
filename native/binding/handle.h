// What every object that JavaScript holds has in common: a type tag, dispose(), and its bytes told to V8.
#pragma once
#include <napi.h>

#include <memory>
#include <string>
#include <vector>

#include "binding/environment.h"
#include "binding/errors.h"
#include "binding/options.h"
#include "core/error.h"
#include "core/memory.h"

namespace semples {

// Wraps a shared core object. Jobs hold their own reference, so dispose() during a job is safe.
template <class Derived, class Core>
class Handle : public Napi::ObjectWrap<Derived> {
 public:
  explicit Handle(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Derived>(info) {
    const napi_type_tag tag = type_tag(info.Env());
    info.This().template As<Napi::Object>().TypeTag(&tag);
  }

  ~Handle() override = default;

  // The core object behind a JavaScript value; an error for anything else, also for objects of another copy of this
  // addon.
  static std::shared_ptr<Core> unwrap(const Napi::Value& value, const char* argument) {
    if (!is_own(value))
      throw refusal(argument, std::string("a ") + Derived::kName + " of this copy of semples", describe(value),
                    "SEMPLES_ARGUMENT_INVALID");
    return Napi::ObjectWrap<Derived>::Unwrap(value.As<Napi::Object>())->core();
  }

  // Every method and accessor asks this for its `this`: one that was borrowed for another object is an error.
  static Derived* Unwrap(const Napi::Object& object) {
    return guarded(object.Env(), [&] {
      if (!is_own(object))
        throw Error("SEMPLES_ARGUMENT_INVALID",
                    std::string("This was called on something that is not a ") + Derived::kName);
      return Napi::ObjectWrap<Derived>::Unwrap(object);
    });
  }

  std::shared_ptr<Core> core() const {
    if (!core_)
      throw Error("SEMPLES_DISPOSED", std::string("This ") + Derived::kName + " was disposed").hint("Make a new one.");
    return core_;
  }

  void set_core(std::shared_ptr<Core> core, int64_t bytes) {
    Napi::MemoryManagement::AdjustExternalMemory(this->Env(), bytes - bytes_);
    core_ = std::move(core);
    bytes_ = bytes;
  }

  void dispose_handle(const Napi::CallbackInfo&) {
    set_core(nullptr, 0);
    release_memory();
  }
  Napi::Value is_disposed(const Napi::CallbackInfo& info) { return Napi::Boolean::New(info.Env(), core_ == nullptr); }

  // Defines the class in this environment; objects are made by `make` alone, so `new` from JavaScript gives an empty
  // one.
  static void define(Napi::Env env, std::initializer_list<Napi::ClassPropertyDescriptor<Derived>> members) {
    std::vector<Napi::ClassPropertyDescriptor<Derived>> all(members);
    all.push_back(Derived::InstanceMethod("dispose", &Derived::dispose_handle));
    all.push_back(Derived::InstanceAccessor("disposed", &Derived::is_disposed, nullptr));
    Environment::of(env).constructors[Derived::kName] =
        Napi::Persistent(Derived::DefineClass(env, Derived::kName, all));
  }

  static Napi::Object make(Napi::Env env, std::shared_ptr<Core> core, int64_t bytes) {
    const Napi::Object object = Environment::of(env).constructors.at(Derived::kName).New({});
    Derived::Unwrap(object)->set_core(std::move(core), bytes);
    return object;
  }

  void Finalize(Napi::Env env) override {
    if (bytes_ != 0) Napi::MemoryManagement::AdjustExternalMemory(env, -bytes_);
  }

 private:
  static bool is_own(const Napi::Value& value) {
    const napi_type_tag tag = type_tag(value.Env());
    return value.IsObject() && value.As<Napi::Object>().CheckTypeTag(&tag);
  }

  // The address differs between classes and between loaded copies of the addon, the number between environments, each
  // of which has a job thread of its own: none of their objects may be mixed.
  static napi_type_tag type_tag(Napi::Env env) {
    static const char anchor = 0;
    return {reinterpret_cast<uint64_t>(&anchor), Environment::of(env).serial};
  }

  std::shared_ptr<Core> core_;
  int64_t bytes_ = 0;
};

}  // namespace semples
