#include "daemon/state/off_loop.h"

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

namespace holdfast::daemon {

struct OffLoop::Thread : boost::asio::thread_pool {
    Thread() : boost::asio::thread_pool(1) {}
};

OffLoop::OffLoop(boost::asio::any_io_executor loop)
    : loop_(std::move(loop)), thread_(std::make_unique<Thread>()) {}
OffLoop::~OffLoop() = default;

void OffLoop::post(std::function<void()> job, std::function<void()> finished) {
    boost::asio::post(*thread_,
                      [loop = loop_, work = std::move(job), then = std::move(finished)]() mutable {
                          work();
                          work = nullptr;  // what it holds ends on the loop
                          boost::asio::post(loop, std::move(then));
                      });
}

}  // namespace holdfast::daemon
