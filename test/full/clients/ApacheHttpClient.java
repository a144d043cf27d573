// The classic account life cycle through Apache HttpClient with its default cookie store, in each multipart mode.
// Prints nothing on success.
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.http.HttpEntity;
import org.apache.http.client.entity.UrlEncodedFormEntity;
import org.apache.http.client.methods.CloseableHttpResponse;
import org.apache.http.client.methods.HttpUriRequest;
import org.apache.http.client.methods.RequestBuilder;
import org.apache.http.entity.ContentType;
import org.apache.http.entity.StringEntity;
import org.apache.http.entity.mime.HttpMultipartMode;
import org.apache.http.entity.mime.MultipartEntityBuilder;
import org.apache.http.impl.client.CloseableHttpClient;
import org.apache.http.impl.client.HttpClients;
import org.apache.http.message.BasicNameValuePair;
import org.apache.http.util.EntityUtils;

public class ApacheHttpClient {
  static final CloseableHttpClient CLIENT = HttpClients.createDefault();
  static String base;

  static String send(String method, String path, HttpEntity body, int status) throws Exception {
    HttpUriRequest request = RequestBuilder.create(method).setUri(base + path).setEntity(body).build();
    try (CloseableHttpResponse answer = CLIENT.execute(request)) {
      String text = answer.getEntity() == null ? "" : EntityUtils.toString(answer.getEntity());
      if (answer.getStatusLine().getStatusCode() != status)
        throw new AssertionError(method + " " + path + ": " + answer.getStatusLine() + " " + text);
      return text;
    }
  }

  static HttpEntity form(String... pairs) {
    List<BasicNameValuePair> form = new ArrayList<>();
    for (int i = 0; i < pairs.length; i += 2) form.add(new BasicNameValuePair(pairs[i], pairs[i + 1]));
    return new UrlEncodedFormEntity(form, StandardCharsets.UTF_8);
  }

  // STRICT writes `Content-Type: text/plain; charset=ISO-8859-1` and `Content-Transfer-Encoding: 8bit` into every part.
  static HttpEntity multipart(HttpMultipartMode mode, String... pairs) {
    MultipartEntityBuilder form = MultipartEntityBuilder.create().setMode(mode);
    for (int i = 0; i < pairs.length; i += 2) form.addTextBody(pairs[i], pairs[i + 1]);
    return form.build();
  }

  static void same(String found, String expected) {
    if (!found.equals(expected)) throw new AssertionError(found + ", not " + expected);
  }

  public static void main(String[] args) throws Exception {
    base = args[0];
    for (HttpMultipartMode mode : HttpMultipartMode.values()) {
      String email = "apache." + mode.name().toLowerCase() + "@example.com";
      same(send("POST", "/users", multipart(mode, "email", email, "password", "b4l0u"), 200), "{\"email\":\"" + email + "\",\"message\":\"user created\"}");
      send("POST", "/sessions", form("email", email, "password", "wrong"), 401);
      HttpEntity json = new StringEntity("{\"email\":\"" + email + "\",\"password\":\"b4l0u\"}", ContentType.APPLICATION_JSON);
      same(send("POST", "/sessions", json, 200), "{\"email\":\"" + email + "\",\"message\":\"logged in\"}");
      same(send("GET", "/profile", null, 200), "{\"email\":\"" + email + "\"}");
      // It follows redirects only for GET and HEAD.
      send("DELETE", "/sessions", null, 302);
      send("GET", "/profile", null, 403);
      String token = send("POST", "/reset_password", multipart(mode, "email", email), 200).replaceAll(".*\"reset_token\":\"([^\"]+)\".*", "$1");
      same(send("PUT", "/reset_password", multipart(mode, "email", email, "reset_token", token, "new_password", "t4rt1fl3tt3"), 200), "{\"email\":\"" + email + "\",\"message\":\"Password updated\"}");
      send("POST", "/sessions", form("email", email, "password", "t4rt1fl3tt3"), 200);
      same(send("GET", "/profile", null, 200), "{\"email\":\"" + email + "\"}");
    }
  }
}
