# Says where it runs.
class Greeter
  def call(env)
    request = Rack::Request.new(env)
    body = "Hello from Rack #{Rack.release} at #{request.path}, #{ENV.fetch('RACK_ENV')}\n"
    [200, { "content-type" => "text/plain" }, [body]]
  end
end
