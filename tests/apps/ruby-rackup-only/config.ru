run ->(env) { [200, { "content-type" => "text/plain" }, ["Only a config.ru, at #{env['PATH_INFO']}\n"]] }
