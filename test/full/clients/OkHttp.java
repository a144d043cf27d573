// The classic account life cycle through OkHttp with its JavaNetCookieJar: forms, multipart forms and JSON.
// Prints nothing on success.
import java.net.CookieManager;
import okhttp3.FormBody;
import okhttp3.JavaNetCookieJar;
import okhttp3.MediaType;
import okhttp3.MultipartBody;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;

public class OkHttp {
  static final OkHttpClient CLIENT =
      new OkHttpClient.Builder().cookieJar(new JavaNetCookieJar(new CookieManager())).build();
  static String base;

  static String send(String method, String path, RequestBody body, int status) throws Exception {
    try (Response answer = CLIENT.newCall(new Request.Builder().url(base + path).method(method, body).build()).execute()) {
      String text = answer.body().string();
      if (answer.code() != status || !"application/json".equals(answer.header("content-type")))
        throw new AssertionError(method + " " + path + ": " + answer.code() + " " + answer.header("content-type") + " " + text);
      return text;
    }
  }

  static RequestBody form(String... pairs) {
    FormBody.Builder form = new FormBody.Builder();
    for (int i = 0; i < pairs.length; i += 2) form.add(pairs[i], pairs[i + 1]);
    return form.build();
  }

  // Each part has a Content-Length header.
  static RequestBody multipart(String... pairs) {
    MultipartBody.Builder form = new MultipartBody.Builder().setType(MultipartBody.FORM);
    for (int i = 0; i < pairs.length; i += 2) form.addFormDataPart(pairs[i], pairs[i + 1]);
    return form.build();
  }

  static void same(String found, String expected) {
    if (!found.equals(expected)) throw new AssertionError(found + ", not " + expected);
  }

  public static void main(String[] args) throws Exception {
    base = args[0];
    String email = "okhttp@example.com";
    same(send("POST", "/users", multipart("email", email, "password", "b4l0u"), 200), "{\"email\":\"" + email + "\",\"message\":\"user created\"}");
    send("POST", "/sessions", form("email", email, "password", "wrong"), 401);
    // OkHttp adds `; charset=utf-8` to JSON given as text.
    RequestBody json = RequestBody.create(MediaType.parse("application/json"), "{\"email\":\"" + email + "\",\"password\":\"b4l0u\"}");
    same(send("POST", "/sessions", json, 200), "{\"email\":\"" + email + "\",\"message\":\"logged in\"}");
    same(send("GET", "/profile", null, 200), "{\"email\":\"" + email + "\"}");
    same(send("DELETE", "/sessions", null, 200), "{\"message\":\"Bienvenue\"}");
    send("GET", "/profile", null, 403);
    String token = send("POST", "/reset_password", multipart("email", email), 200).replaceAll(".*\"reset_token\":\"([^\"]+)\".*", "$1");
    same(send("PUT", "/reset_password", multipart("email", email, "reset_token", token, "new_password", "t4rt1fl3tt3"), 200), "{\"email\":\"" + email + "\",\"message\":\"Password updated\"}");
    send("POST", "/sessions", form("email", email, "password", "t4rt1fl3tt3"), 200);
    same(send("GET", "/profile", null, 200), "{\"email\":\"" + email + "\"}");
    CLIENT.dispatcher().executorService().shutdown();
    CLIENT.connectionPool().evictAll();
  }
}
