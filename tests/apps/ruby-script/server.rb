require "socket"

server = TCPServer.new("0.0.0.0", Integer(ENV.fetch("PORT", "8080")))
trap("TERM") { exit }
loop do
  client = server.accept
  client.gets
  body = "Ruby #{RUBY_VERSION[0, 1]} by hand\n"
  client.write("HTTP/1.1 200 OK\r\nContent-Length: #{body.bytesize}\r\nConnection: close\r\n\r\n#{body}")
  client.close
end
